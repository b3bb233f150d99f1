"""Lists of figshare and S3: pages, odd names, what is no list; parts and subjects of them."""

from __future__ import annotations

import json
from hashlib import md5
from pathlib import PurePosixPath
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import paths
from core.datasets.catalogue import DATASETS, Recording
from core.datasets.dataset import DatasetInfo
from core.datasets.download import addresses, fetch, indexes
from core.datasets.download.indexes import Bucket, FigshareArticle
from core.datasets.download.remote import RemotePart
from core.errors import CorruptDataError, InputError, NeurogalleryError, NotFoundError
from tests.core.datasets.download.server import serving

KEYS = {
    "betas/sub-01/ses 01+x.nii.gz": b"first",
    "betas/sub-01/ses&02.nii.gz": b"second",
    "betas/sub-02/ses-01.nii.gz": b"third",
    "betas/sub-02/": b"",
    "rois/sub-01/V1.nii.gz": b"mask",
}


@pytest.fixture
def server():
    with serving() as running:
        yield running


@pytest.fixture
def bucket(server, monkeypatch):
    server.bucket, server.page_size = dict(KEYS), 2
    index = Bucket(server.address)
    parts = (
        RemotePart("betas", "betas", index, "betas/{subject}/*"),
        RemotePart("rois", "ROIs", index, "rois/{subject}/*", folder="masks", is_default=False),
    )
    return register(monkeypatch, parts)


def register(monkeypatch, parts):
    entry = Recording(DatasetInfo("tiny", "Tiny"), load=None, remote=parts)
    monkeypatch.setitem(DATASETS._entries, "tiny", entry)
    return parts


def stored():
    folder = paths.data_root() / "tiny"
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_bucket_is_listed_page_by_page_with_checksums(server, bucket):
    files = {file.name: file for file in bucket[0].index.listing("betas/")}
    assert sorted(files) == sorted(key for key in KEYS if key[:5] == "betas" and key[-1] != "/")
    assert len(server.requests) == 2
    for name, file in files.items():
        assert (file.size, file.md5) == (len(KEYS[name]), md5(KEYS[name]).hexdigest())
    server.etags["rois/sub-01/V1.nii.gz"] = '"0123456789abcdef0123456789abcdef-3"'
    assert [file.md5 for file in bucket[0].index.listing("rois/")] == [""]


def test_names_with_spaces_and_plus_come_as_they_are(server, bucket):
    fetch.fetch("tiny")
    assert stored() == {
        key: content for key, content in KEYS.items() if key[:5] == "betas" and key[-1] != "/"
    }


def test_only_some_subjects_and_parts_come(server, bucket):
    fetch.fetch("tiny", subjects=["sub-02"], parts=["betas"])
    assert list(stored()) == ["betas/sub-02/ses-01.nii.gz"]
    plan = fetch.plan("tiny", ["sub-01"], ["rois", "betas", "rois"])
    assert plan.files[0].name == "masks/rois/sub-01/V1.nii.gz"
    assert (plan.size, plan.space()) == (4 + 5 + 6, 4 + 5 + 6)
    with pytest.raises(NotFoundError, match=r"no file 'betas/sub-03/\*'"):
        fetch.plan("tiny", ["sub-03"])
    with pytest.raises(InputError, match=r"no part 'images'.*Choices: betas, rois"):
        fetch.plan("tiny", parts=["images"])
    for name in ("..", "*", "a/b", "", "sub-01?"):
        with pytest.raises(InputError, match="The subject is"):
            fetch.plan("tiny", [name])


def test_a_root_is_left_out_of_names(server):
    server.bucket = {f"ds1/{key}": content for key, content in KEYS.items()}
    (file,) = Bucket(server.address, "ds1/").listing("rois/")
    assert file.name == "rois/sub-01/V1.nii.gz"
    assert file.address.endswith("/ds1/rois/sub-01/V1.nii.gz")


def test_hidden_names_are_passed_over_and_double_ones_refused(server, bucket, monkeypatch):
    server.bucket |= {"betas/.DS_Store": b"x", "betas/sub-01/.ssh/x": b"x"}
    assert len(bucket[0].index.listing("betas/")) == 3
    for name in ("._a.txt", "a.txt", "b.txt", "a.txt"):
        server.add_to_article(name, b"x")
    part = RemotePart("all", "all", FigshareArticle(7, server.address), "b*")
    assert [file.name for file in part.files()] == ["b.txt"]
    with pytest.raises(CorruptDataError, match=r"two files 'a\.txt'"):
        RemotePart("all", "all", FigshareArticle(7, server.address)).files()


@pytest.mark.parametrize("key", ["betas/../../x", "betas/./x", "/betas/x"])
def test_a_key_that_leads_outside_is_refused(server, bucket, key):
    server.bucket[key] = b"harm"
    prefix = "/" if key.startswith("/") else "betas/"
    with pytest.raises(CorruptDataError, match="leads outside its folder or is hidden"):
        bucket[0].index.listing(prefix)
    assert not (paths.data_root() / "tiny").exists()


def test_figshare_is_listed_page_by_page(server, monkeypatch):
    monkeypatch.setattr(indexes, "PAGE_SIZE", 2)
    for name in ("CSI1_imgnames.txt", "CSI2_imgnames.txt", "betas.nii.gz", "README.txt"):
        server.add_to_article(name, name.encode())
    server.add_to_article("elsewhere", b"", is_link_only=True)
    article = FigshareArticle(7, server.address)
    files = {file.name: file for file in article.listing()}
    assert sorted(files) == sorted(entry["name"] for entry in server.article[:4])
    assert [request[0] for request in server.requests] == ["/articles/7/files"] * 3
    # Through the API: what the list calls the address is not even http here.
    assert files["README.txt"].address == f"{server.address}/file/download/1003"
    register(
        monkeypatch,
        (
            RemotePart(
                "lists", "lists", article, "{subject}_imgnames.txt", folder="lists/{subject}"
            ),
        ),
    )
    fetch.fetch("tiny")
    assert stored() == {
        f"lists/{subject}/{subject}_imgnames.txt": f"{subject}_imgnames.txt".encode()
        for subject in ("CSI1", "CSI2")
    }


@pytest.mark.parametrize(
    "changes", [{"size": "4"}, {"size": -1}, {"id": None}, {"name": None}, {"name": "../x"}]
)
def test_entries_of_figshare_are_checked(server, changes):
    server.add_to_article("a.txt", b"text", **changes)
    with pytest.raises(CorruptDataError, match=r"gives no listing|leads outside"):
        FigshareArticle(7, server.address).listing()


@pytest.mark.parametrize(
    "content", [b"{}", b"[3]", b"<html>busy</html>", b"", b"[" * 10_000, b"\xff\xfe"]
)
def test_what_is_no_list_is_refused_in_one_line(server, content, monkeypatch):
    monkeypatch.setattr(indexes, "read_listing", lambda address: content)
    for index in (FigshareArticle(7, server.address), Bucket(server.address)):
        with pytest.raises(CorruptDataError, match="gives no listing") as caught:
            index.listing()
        assert "\n" not in str(caught.value)


def test_a_list_without_end_or_with_entities_is_refused(monkeypatch):
    def answer(text):
        monkeypatch.setattr(indexes, "read_listing", lambda address: text)

    endless = b"<ListBucketResult><IsTruncated>true</IsTruncated>%s</ListBucketResult>"
    for token in (b"", b"<NextContinuationToken>x</NextContinuationToken>"):
        answer(endless % token)
        with pytest.raises(CorruptDataError, match="it does not end"):
            Bucket("http://127.0.0.1:9").listing()
    answer(b'<!DOCTYPE l [<!ENTITY a "b">]><ListBucketResult/>')
    with pytest.raises(CorruptDataError, match="document type"):
        Bucket("http://127.0.0.1:9").listing()


VALUES = st.none() | st.integers(-2, 9) | st.text("ab./\\\n\0", max_size=4) | st.just([])
ENTRIES = st.lists(
    st.fixed_dictionaries({"id": VALUES, "size": VALUES, "name": VALUES}) | VALUES, max_size=3
)


@settings(max_examples=50, deadline=None)
@given(ENTRIES, st.text("ab./<&;>\"'", max_size=20))
def test_any_answer_gives_files_below_the_folder_or_an_error_of_ours(entries, text):
    key = f"<ListBucketResult><Contents><Key>{text}</Key></Contents></ListBucketResult>"
    for index, answer in (
        (FigshareArticle(7), json.dumps(entries)),
        (Bucket("https://127.0.0.1"), text),
        (Bucket("https://127.0.0.1"), key.replace("</Key>", "</Key><Size>1</Size>")),
    ):
        with mock.patch.object(indexes, "read_listing", return_value=answer.encode()):
            try:
                names = [PurePosixPath(file.name) for file in index.listing()]
            except NeurogalleryError as error:
                names = []
                message = str(error)
            else:
                message = ""
            assert not any(name.is_absolute() or ".." in name.parts for name in names)
            assert "\n" not in message


def test_no_server_is_said():
    with pytest.raises(NeurogalleryError, match="Check the connection"):
        Bucket("http://127.0.0.1:9").listing()


def test_the_addresses_are_https_and_the_parts_have_names_of_their_own():
    names = ("BOLD5000", "GOD", "MOSAIC", "LAION_FMRI", "THINGS_FMRI", "BRAVL")
    for name in names:
        parts = getattr(addresses, name)
        assert len({part.name for part in parts}) == len(parts)
        assert any(part.is_default for part in parts)
        for part in parts:
            where = getattr(part.index, "api", None) or part.index.address
            assert where.startswith("https://")
            assert part.note
    assert all("--from" in steps and "\n" not in steps for steps in addresses.STEPS.values())
