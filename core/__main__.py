"""The command line: ``python -m core datasets | fetch | encode | rdm | train | ... | job``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from core import __version__, operations
from core.commands import ablate as ablating
from core.commands import check as checking
from core.commands import decoders as decoding
from core.commands import dissimilarity as predicting
from core.commands import encoding as encoding_models
from core.commands import export as exporting
from core.commands import fetch as fetching
from core.commands import on_cluster, rdm_file
from core.commands import sweep as sweeps
from core.commands.shared import check_out, option, show
from core.errors import InputError, NeurogalleryError, NotFoundError
from core.memory import explain_shortage, is_shortage
from core.words import counted

if TYPE_CHECKING:
    import numpy as np

    from core.datasets.dataset import Dataset
    from core.rdm.large.bands import MatrixFacts

BAD_INPUT = 2
INTERRUPTED = 130
BAR_WIDTH = 30


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, like every other error of the command line."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message}. See {self.prog} --help.\n")


class Bar:
    """A progress bar on the terminal; silent where stderr is not one."""

    def __call__(self, fraction: float, message: str = "") -> None:
        bar = "#" * round(BAR_WIDTH * fraction)
        self._show(f"\r[{bar:<{BAR_WIDTH}}] {fraction:4.0%} {message:.40}\x1b[K")

    def clear(self) -> None:
        self._show("\r\x1b[K")

    def _show(self, text: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(text)
            sys.stderr.flush()


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status.

    0; 2 on bad input and where the memory does not suffice; 130 on Ctrl-C.
    """
    chosen = _parser().parse_args(arguments)
    from core.store.stamps import noting  # with numpy

    bar = Bar()
    try:
        operations.load_plugins()
        with noting():
            status: int = chosen.command(chosen, bar)
    except NeurogalleryError as error:
        bar.clear()
        print(" ".join(str(error).split()), file=sys.stderr)
        return BAD_INPUT
    except (MemoryError, RuntimeError) as error:
        bar.clear()
        if not is_shortage(error):
            raise
        print(explain_shortage(error), file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        bar.clear()
        return INTERRUPTED
    return status


def list_datasets(chosen: argparse.Namespace, bar: Bar) -> int:
    from core import datasets
    from core.datasets.own import links

    listed = [
        {
            "name": info.name,
            "title": info.title,
            "citation": info.citation,
            "licence": info.licence,
            "is_simulated": info.is_simulated,
            "fetchable": info.fetchable,
            "where": str(info.where) if info.where else None,
        }
        for info in datasets.available()
    ]
    lines = [f"{info['name']:<16} {info['title']:<44} {_where(info)}" for info in listed]
    lines += [link.sentence for link in links.skipped_links()]
    show(chosen, listed, lines)
    return 0


def compute_rdm(chosen: argparse.Namespace, bar: Bar) -> int:
    from core import datasets, rdm
    from core.rdm.large import bands

    _check_rdm_request(chosen)
    options = dict(option(text) for text in chosen.option)
    ds = datasets.load_with(chosen.dataset, chosen.subject, options, chosen.root)
    name = chosen.published
    if rdm_file.is_beyond_memory(ds, chosen):
        facts = rdm_file.write(ds, chosen, bar)
    else:
        matrix = rdm.published(ds, name) if name else _computed(ds, chosen, bar)
        if chosen.out:
            _save(chosen.out, bands.as_dtype(matrix, chosen.dtype or str(matrix.dtype)))
        facts = _facts(matrix)
    bar.clear()
    summary = _summary(ds, chosen, facts)
    show(chosen, summary, _summary_lines(summary))
    return 0


def encode(chosen: argparse.Namespace, bar: Bar) -> int:
    from core import datasets, encoders

    if chosen.out is not None:
        check_out(chosen.out, ".npy")
    options = dict(option(text) for text in chosen.option)
    parameters = encoders.check_parameters(
        encoders.get(chosen.encoder).info,
        dict(option(text, "--parameter") for text in chosen.parameter),
    )
    ds = datasets.load_with(chosen.dataset, chosen.subject, options, chosen.root)
    features = encoders.encode_images(
        ds, chosen.encoder, chosen.which, bar, chosen.device, **parameters
    )
    bar.clear()
    if chosen.out:
        _save(chosen.out, features)
    failures = encoders.load_failures(ds, chosen.encoder, chosen.which, **parameters)
    summary = {
        "dataset": chosen.dataset,
        "title": ds.info.title,
        "is_simulated": ds.info.is_simulated,
        "encoder": chosen.encoder,
        "which": chosen.which,
        "images": len(features),
        "dimensions": features.shape[1],
        "failures": failures,
        "out": str(chosen.out) if chosen.out else None,
    }
    show(chosen, summary, _encode_lines(summary))
    return 0


def run_job(chosen: argparse.Namespace, bar: Bar) -> int:
    from core import jobs

    status = jobs.run(chosen.folder, operations.resolve)
    job = jobs.Job(chosen.folder.resolve())
    if chosen.json:
        show(chosen, {"id": job.id, "status": job.status, "result": job.result}, [])
    return status


def _parser() -> Parser:
    parser = Parser(prog="python -m core", description="Neurogallery on the command line.")
    parser.add_argument("--version", action="version", version=f"Neurogallery {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("datasets", help="list the datasets and where they lie")
    listing.set_defaults(command=list_datasets)

    checked = commands.add_parser("check", help="check a dataset, and say what is missing")
    _add_dataset_arguments(checked)
    checked.set_defaults(command=checking.check)

    bringing = commands.add_parser("fetch", help="bring a dataset to this machine")
    fetching.add_arguments(bringing)
    bringing.set_defaults(command=fetching.fetch)

    exported = commands.add_parser("export", help="write a dataset as a folder of one's own")
    _add_dataset_arguments(exported)
    exporting.add_arguments(exported)
    exported.set_defaults(command=exporting.export)

    encoding = commands.add_parser("encode", help="turn images into embeddings")
    _add_encode_arguments(encoding)
    encoding.set_defaults(command=encode)

    rdm = commands.add_parser("rdm", help="compute a dissimilarity matrix")
    _add_rdm_arguments(rdm)
    rdm.set_defaults(command=compute_rdm)

    training = commands.add_parser("train", help="train a decoder")
    decoding.add_train_arguments(training)
    training.set_defaults(command=decoding.train)

    scoring = commands.add_parser("evaluate", help="score a decoder beside the baselines")
    decoding.add_evaluate_arguments(scoring)
    scoring.set_defaults(command=decoding.evaluate)

    sweeping = commands.add_parser("sweep", help="train and score every combination of settings")
    sweeps.add_arguments(sweeping)
    sweeping.set_defaults(command=sweeps.sweep)

    ablations = commands.add_parser("ablate", help="compare settings, with the noise of seeds")
    ablating.add_arguments(ablations)
    ablations.set_defaults(command=ablating.ablate)

    pairs = commands.add_parser(
        "dissimilarity", help="predict dissimilarities of pairs, with and without a leak"
    )
    predicting.add_arguments(pairs)
    pairs.set_defaults(command=predicting.predict)

    models = commands.add_parser("encoding", help="predict every unit from embeddings of images")
    encoding_models.add_arguments(models)
    models.set_defaults(command=encoding_models.predict)
    _add_jobs(commands)

    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="machine-readable output")
    return parser


def _add_jobs(commands: Any) -> None:
    """Declare the commands about jobs."""
    job = commands.add_parser("job", help="run the job of a folder, as a cluster engine does")
    job.add_argument("folder", metavar="FOLDER", type=Path, help="folder of a job that waits")
    job.set_defaults(command=run_job)

    clusters = commands.add_parser("cluster", help="say where jobs run, and what is wrong there")
    clusters.set_defaults(command=on_cluster.describe)


def _add_dataset_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", metavar="DATASET", help="id, e.g. simulated or folder:mydata")
    parser.add_argument("--root", metavar="FOLDER", type=Path, help="folder of the recording")
    parser.add_argument("--subject", help="default: the first")
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="option of the dataset; may be given several times",
    )


def _add_encode_arguments(parser: argparse.ArgumentParser) -> None:
    _add_dataset_arguments(parser)
    parser.add_argument(
        "--encoder",
        required=True,
        metavar="ID",
        help="e.g. clip-vit-b32, clip:FOLDER, vision:FOLDER, pixels, gabor",
    )
    parser.add_argument("--which", choices=("stimuli", "gallery"), default="stimuli")
    parser.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="parameter of the encoder; may be given several times",
    )
    parser.add_argument("--device", help="cuda, mps or cpu; default: the best")
    parser.add_argument(
        "--out", metavar="FILE.npy", type=Path, help="where to save a copy beside the store"
    )


def _add_rdm_arguments(parser: argparse.ArgumentParser) -> None:
    _add_dataset_arguments(parser)
    parser.add_argument(
        "--roi", action="append", help="region of interest; several are concatenated"
    )
    parser.add_argument("--metric", help="default: correlation")
    parser.add_argument("--published", metavar="NAME", help="take an RDM that comes with the data")
    parser.add_argument(
        "--out", metavar="FILE.npy", type=Path, help="where to save it; needed without --json"
    )
    parser.add_argument(
        "--dtype",
        choices=("float32", "float16"),
        help="of the file, default float32; float16 has half the size and three digits",
    )


def _check_rdm_request(chosen: argparse.Namespace) -> None:
    """Refuse what cannot end well before the long work begins."""
    if chosen.out is None and not chosen.json:
        raise InputError("Neither --out nor --json was given", "--out FILE.npy, --json or both")
    if chosen.out is not None:
        check_out(chosen.out, ".npy")
    if chosen.published and (chosen.roi or chosen.metric):
        raise InputError(
            "--published was given with --roi or --metric",
            "one of them",
            "A published RDM is taken as it is.",
        )


def _computed(ds: Dataset, chosen: argparse.Namespace, bar: Bar) -> np.ndarray:
    from core import rdm

    if ds.betas is None:
        raise NotFoundError(
            f"{ds.info.title} {ds.lack}",
            "responses, to compute an RDM from",
            "Take one of its own with --published NAME.",
            choices=ds.rdms,
        )
    return rdm.of_dataset(ds, chosen.roi, chosen.metric or "correlation", progress=bar)


def _save(path: Path, matrix: np.ndarray) -> None:
    import numpy as np

    from core import store

    with store.replacing(path) as part, open(part, "wb") as file:
        np.save(file, matrix, allow_pickle=False)


def _summary(ds: Dataset, chosen: argparse.Namespace, facts: MatrixFacts) -> dict[str, Any]:
    from core.datasets import completeness

    return {
        "dataset": chosen.dataset,
        "title": ds.info.title,
        "is_simulated": ds.info.is_simulated,
        "subject": ds.subject,
        "rois": chosen.roi or [],
        "published": chosen.published,
        "metric": None if chosen.published else chosen.metric or "correlation",
        "n": facts.n,
        "missing": ds.stimuli["id"].iloc[facts.missing].tolist(),
        "incomplete": "" if chosen.published else completeness.sentence(ds, chosen.roi or ()),
        "notes": list(_notes(ds, chosen)),
        "pairs": facts.pairs,
        "minimum": facts.minimum,
        "maximum": facts.maximum,
        "mean": facts.mean,
        "out": str(chosen.out) if chosen.out else None,
    }


def _notes(ds: Dataset, chosen: argparse.Namespace) -> tuple[str, ...]:
    from core import rdm

    if chosen.published:
        return ()
    return rdm.notes_of(ds, chosen.roi, chosen.metric or "correlation")


def _facts(matrix: np.ndarray) -> MatrixFacts:
    from core.rdm.large.bands import Tally

    tally = Tally(len(matrix))
    tally.add(slice(0, len(matrix)), matrix)
    return tally.facts()


def _summary_lines(summary: dict[str, Any]) -> list[str]:
    from core.validation import enumerate_names

    rois = " + ".join(summary["rois"]) or "all"
    published = summary["published"]
    what = f"published RDM {published}" if published else f"{summary['metric']}, ROI {rois}"
    simulated = " (simulated)" if summary["is_simulated"] else ""
    missing = summary["missing"]
    lines = [
        f"{summary['title']}{simulated}, subject {summary['subject']}",
        f"{counted(summary['n'], 'stimulus', 'stimuli')}, {what}, "
        f"{counted(summary['pairs'], 'pair')} with a value",
        f"missing rows: {len(missing)}" + (f" ({enumerate_names(missing)})" if missing else ""),
    ]
    if summary["incomplete"]:
        lines.append(summary["incomplete"])
    if summary["pairs"]:
        lines.append("min {minimum:.6g}, max {maximum:.6g}, mean {mean:.6g}".format(**summary))
    return [*lines, *summary["notes"], f"saved in {summary['out']}"]


def _encode_lines(summary: dict[str, Any]) -> list[str]:
    from core.validation import enumerate_names

    simulated = " (simulated)" if summary["is_simulated"] else ""
    failed = list(summary["failures"])
    return [
        f"{summary['title']}{simulated}, {summary['which']}, encoder {summary['encoder']}",
        f"{counted(summary['images'], 'image')}, {counted(summary['dimensions'], 'dimension')}",
        f"not read: {len(failed)}" + (f" ({enumerate_names(failed)})" if failed else ""),
        f"saved in {summary['out']}" if summary["out"] else "kept in the store",
    ]


def _where(info: dict[str, Any]) -> str:
    if info["where"]:
        return str(info["where"])
    return "simulated" if info["is_simulated"] else "not fetched"


if __name__ == "__main__":
    sys.exit(main())
