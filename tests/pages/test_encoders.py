"""The page Encoders: compute, search, compare, delete; and what it says where it cannot."""

import io

import numpy as np
import pytest
from PIL import Image

from core import datasets, encoders, jobs, paths, rdm
from tests.pages.app import open_address, open_page, texts, until_done, write_folder

DESIGN = {"stimuli": 80, "subjects": 1}
ADDRESS = {"stimuli": "80", "subjects": "1", "which": "stimuli"}


def opened(**address):
    return open_page("encoders", **{**ADDRESS, **address})


def encode_now(*names):
    ds = datasets.load("simulated", **DESIGN)
    for name in names:
        encoders.encode_images(ds, name)
    return ds


def test_a_click_computes_in_a_job_and_the_next_visit_finds_it():
    app = opened(encoder="pixels", query="image", image="dog-01")
    assert not app.exception
    button = next(button for button in app.button if "Encode 80 stimuli" in button.label)
    button.click().run()
    until_done(app)
    assert not app.exception
    assert "80 × 3,072" in texts(app)
    again = opened(encoder="pixels", query="image", image="dog-01")
    assert "80 × 3,072" in texts(again)
    assert len(jobs.all_jobs()) == 1


def test_two_encoders_side_by_side_and_the_share_of_the_own_category():
    encode_now("pixels", "gabor")
    app = opened(encoder=["pixels", "gabor"], query="image", image="dog-01")
    assert not app.exception
    assert not app.error
    assert texts(app).count("of 12 are of category dog") == 2
    select = next(button for button in app.button if "Select these 12" in button.label)
    app = select.click().run()
    assert "12 of 80 stimuli selected" in texts(app)


def test_text_needs_an_encoder_that_reads_it():
    app = opened(encoder="pixels", text="a dog")
    assert not app.exception
    assert "reads text" in texts(app)
    (kinds,) = [group for group in app.button_group if group.key == "encoders.query"]
    assert kinds.options == ["image", "upload"]
    assert "Describe an image" not in [field.label for field in app.text_input]
    app = app.multiselect(key="encoders.encoder").set_value(["pixels", "clip-small"]).run()
    (kinds,) = [group for group in app.button_group if group.key == "encoders.query"]
    assert kinds.options == ["text", "image", "upload"]


def test_an_unknown_image_is_named():
    encode_now("pixels")
    app = opened(encoder="pixels", query="image", image="unicorn")
    assert "There is no image unicorn" in texts(app)


def test_an_uploaded_image_is_searched_and_a_bad_one_named():
    ds = encode_now("pixels")
    app = opened(encoder="pixels", query="upload")
    buffer = io.BytesIO()
    ds.image("dog-01").save(buffer, "PNG")
    app.file_uploader(key="encoders.upload").set_value(
        ("mine.png", buffer.getvalue(), "image/png")
    ).run()
    assert not app.exception
    assert "Select these 12 stimuli" in [button.label for button in app.button]
    app.file_uploader(key="encoders.upload").set_value(("bad.png", b"no image", "image/png")).run()
    assert "bad.png could not be read as an image" in texts(app)


def test_compare_with_the_responses_of_a_region():
    encode_now("pixels", "gabor")
    app = opened(encoder=["pixels", "gabor"], tab="Compare", roi="V1")
    assert not app.exception
    table = app.dataframe[0].value
    assert table["Encoder"].tolist() == ["pixels", "gabor"]
    assert table["Chance"].tolist() == ["0.0%"] * 2  # one image of each kind
    assert "of 80 images" in texts(app)


def test_delete_removes_an_embedding_and_the_page_offers_it_again():
    ds = encode_now("pixels")
    app = opened(encoder="pixels", tab="Stored")
    assert "1 embedding, " in texts(app)
    next(button for button in app.button if button.label == "Delete").click().run()
    assert "No embedding is stored yet" in texts(app)
    assert encoders.load(encoders.result_key(ds, "pixels")) is None


def test_a_damaged_embedding_is_told_and_can_be_deleted():
    ds = encode_now("pixels", "gabor")
    folder = paths.results_root() / "store" / encoders.result_key(ds, "pixels")
    assert folder.is_dir()
    next(folder.glob("*.json")).write_text("{")
    app = opened(encoder="gabor", tab="Stored")
    assert not app.exception
    assert "2 embeddings, " in texts(app)
    for _ in range(2):
        next(button for button in app.button if button.label == "Delete").click().run()
    assert "No embedding is stored yet" in texts(app)


def test_images_that_changed_are_noticed_after_the_job(data_root):
    folder = write_folder(data_root, responses__s1=np.ones((12, 7)))
    (folder / "images").mkdir()
    (folder / "stimuli.csv").write_text("id,file\n" + "".join(f"p{i},{i}.png\n" for i in range(12)))
    save_shades(folder, 1)
    address = {"recording": "folder:mine", "encoder": "pixels", "query": "image", "image": "p3"}
    app = open_page("encoders", **address)
    save_shades(folder, 9)
    next(button for button in app.button if "Encode 12 stimuli" in button.label).click().run()
    until_done(app)
    assert not app.exception
    assert "12 × 3,072" in texts(app)


def save_shades(folder, step):
    for number in range(12):
        shade = Image.new("RGB", (20, 20), (number * step, 9, 0))
        shade.save(folder / "images" / f"{number}.png")


def test_embeddings_without_images_are_searched_and_compared(data_root):
    rng = np.random.default_rng(0)
    folder = write_folder(data_root, responses__s1=rng.standard_normal((12, 7)))
    (folder / "embeddings").mkdir()
    np.save(folder / "embeddings" / "vgg16.npy", rng.standard_normal((12, 5)).astype(np.float32))
    app = open_page("encoders", recording="folder:mine", query="image", image="p3")
    assert not app.exception
    assert not app.error
    assert "12 × 5" in texts(app)
    app = open_page("encoders", recording="folder:mine", tab="Compare")
    assert app.dataframe[0].value["Encoder"].tolist() == ["precomputed:vgg16"]


def test_a_former_address_of_precomputed_embeddings_opens_them(data_root):
    rng = np.random.default_rng(0)
    folder = write_folder(data_root, responses__s1=rng.standard_normal((12, 7)))
    (folder / "embeddings").mkdir()
    for name, d in (("alexnet", 4), ("vgg16", 5)):
        np.save(folder / "embeddings" / f"{name}.npy", rng.standard_normal((12, d)))
    address = {"dataset": "folder:mine", "encoder": "brought:vgg16", "query_by": "image"}
    app = open_address("encoders", {**address, "like": "p3"})
    assert not app.exception
    assert not app.warning
    assert app.query_params["encoders.encoder"] == "precomputed:vgg16"
    assert "12 × 5" in texts(app)


def test_the_chance_leaves_the_query_out():
    encode_now("pixels")
    app = opened(encoder="pixels", query="image", image="dog-01")
    assert "0 of 12 are of category dog (chance 0.0%)" in texts(app)


def test_an_encoder_setting_out_of_range_is_named():
    app = opened(encoder="pixels", **{"encoders.pixels.side": "100000"})
    assert "side is '100000'" in texts(app) or "side is 100000" in texts(app)


def test_an_address_names_listed_encoders_only(tmp_path):
    app = opened(encoder=f"clip:{tmp_path}")
    assert "There is no encoder" in texts(app)
    assert not app.exception


def test_a_checkpoint_that_is_not_here_says_where_to_place_it():
    app = opened(encoder="clip-vit-b32", text="a dog")
    assert not app.exception
    assert "openai--clip-vit-base-patch32" in texts(app).replace("\\", "")


@pytest.mark.parametrize("images", [False, True])
def test_a_folder_with_and_without_images(data_root, images):
    folder = write_folder(data_root, responses__s1=np.ones((12, 7)))
    if images:
        (folder / "images").mkdir()
        for number in range(11):
            shade = Image.new("RGB", (20, 20), (number * 20, 0, 0))
            shade.save(folder / "images" / f"p{number}.png")
        (folder / "stimuli.csv").write_text(
            "id,file\n" + "".join(f"p{i},p{i}.png\n" for i in range(12))
        )
        encoders.encode_images(datasets.load("folder:mine"), "pixels")
    app = open_page("encoders", recording="folder:mine", encoder="pixels", query="image",
                    image="p3")  # fmt: skip
    assert not app.exception
    assert not app.error
    if images:
        assert "1 image could not be encoded" in texts(app)
    else:
        assert "comes without images" in texts(app)


def test_words_that_the_shipped_clip_never_learned_get_a_note():
    address = {"encoders.which": "stimuli", "encoders.encoder": "clip-small"}
    app = open_address("encoders", {**address, "encoders.text": "a violin"})
    assert not app.exception
    assert any("violin" in warning.value for warning in app.warning)
    assert "A weak match" in texts(app)
    app = open_address("encoders", {**address, "encoders.text": "a red car"})
    assert "learned" not in texts(app)
    assert "A weak match" not in texts(app)
    assert "stronger than 95 % of 200 texts of random words" in texts(app)
    assert "It knows the 80 object categories" in texts(app)


def test_a_region_beside_encoders_has_a_noise_ceiling_with_its_interval():
    ds = encode_now("pixels", "gabor")
    app = opened(encoder=["pixels", "gabor"], tab="Compare", roi=["V1", "RSC"])
    assert not app.exception
    for region in ("V1", "RSC"):
        known = rdm.repeat_ceiling(
            ds.responses(region, repeats="all"), ds.trial_rows, ds.trial_runs
        )
        numbers = f"noise ceiling {known.estimate:.2f} (95 % interval {known.low:.2f} to"
        at_most = f"at most {known.high:.2f}"
        assert (at_most if known.low == 0 else numbers) in texts(app)


def test_images_of_the_gallery_can_be_clicked():
    app = open_page("encoders", which="gallery", query="image")
    assert not app.exception
    assert not app.error
    assert "4,000 images; click one" in texts(app)
