"""The page about classification: how well, by whose help, what is called what, who, and which parts of the face."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from isc.io.bids import GROUP, figures_folder, root_path
from isc.io.derivatives import read_sidecar, read_table
from isc.io.files.file_sets import write_file_set
from isc.plots import plot_confusion, plot_pair_map, plot_subject_accuracy
from isc.report import CITATIONS, Fact, Notice, ReportContent, ReportTable, Section, render_report
from isc.stages.classification.evaluation import DESC, TABLES
from isc.stages.pages.methods import cited
from isc.stages.pages.sections import report_figure
from isc.stages.provenance.shelf import Shelf, stored_warnings
from isc.stages.provenance.version import code_version, software_versions
from isc.study import Study

TRAINED_ON = {
    "leave_one_subject_out": "everybody but the person who is tested",
    "subject_grouped": "everybody but the people who are tested",
    "repetition_grouped": "everybody, the person who is tested as well, without the clip's repetitions",
    "take_grouped": "everybody, the person who is tested as well, without the clip's take",
    "kfold": "everybody, the person who is tested as well, and the clip's repetitions",
}
SCORES = {"accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "macro_f1": "macro F1"}
DRAWN_PAIRS = 30
FEW_PEOPLE = 10  # below which an interval over people says little


def make_classification_page(
    study: Study, shelf: Shelf, load: Callable[[], xr.DataArray], *, notes: Sequence[str] = ()
) -> Path:
    """Draw the page from the finished tables when one of them, a setting or a note differs from what it shows.

    Parameters
    ----------
    study : Study
    shelf : Shelf
        Of the group.
    load : callable
        Gives the meshes (clip, vertex, space) of which the mean face is drawn; called when it is needed only.
    notes : sequence of str
        To be told before the results, such as which clips could not be tracked.

    Returns
    -------
    Path
        classification.html
    """
    page, inputs = root_path(shelf.root, "classification"), [shelf.path(name, desc=DESC) for name in TABLES]
    parameters = {"settings": study.model_dump(), "notes": list(notes)}
    sidecar = shelf.due("classification_report", inputs=inputs, parameters=parameters, desc=DESC)
    if sidecar is not None:
        content = classification_content(study, shelf, load().mean("clip"), notes=notes)
        drawn = [figure.svg.encode() for section in content.sections for figure in section.figures]
        stem = figures_folder(shelf.root) / f"task-{shelf.entities.task}_desc-{DESC}_figure"
        figures = {stem.with_name(f"{stem.name}-{n:02d}.svg"): svg for n, svg in enumerate(drawn, start=1)}
        values = {"page": page.name, "figures": [path.relative_to(shelf.root).as_posix() for path in figures]}
        files = {page: render_report(content).encode(), **figures}
        write_file_set(files, shelf.path("classification_report", desc=DESC), values, sidecar)
    return page


def classification_content(
    study: Study, shelf: Shelf, shape: xr.DataArray, *, notes: Sequence[str] = ()
) -> ReportContent:
    """What the page shows.

    Parameters
    ----------
    study : Study
    shelf : Shelf
        With finished tables.
    shape : DataArray, dims (vertex, space)
        Mean face of all clips.
    notes : sequence of str
        As in `make_classification_page`.

    Returns
    -------
    ReportContent
    """
    paths = {name: shelf.path(name, desc=DESC) for name in TABLES}
    table, links = read_table(paths["classification"]), {n: _relative(path, shelf) for n, path in paths.items()}
    methods = _methods(study, table)
    sections = [
        _scores(table, read_sidecar(paths["classification"])["Gap"], links),
        _people(read_table(paths["subject_accuracy"]), table, links),
        _confusions(read_table(paths["confusion"]), table, links),
    ]
    pairs = read_table(paths["informative_pairs"])
    sections += (
        [_pairs(pairs, shape, read_sidecar(paths["informative_pairs"])["Explained"], links)] if len(pairs) else []
    )
    return ReportContent(
        title=f"Expressions told apart: {study.title}",
        warnings=tuple(_notices(table, [*stored_warnings(paths["classification"]), *notes])),
        facts=_facts(study, table),
        sections=tuple(sections),
        methods=methods,
        citations=tuple(CITATIONS[name] for name in cited(methods)),
        software=software_versions(),
    )


def classification_tables(root: Path) -> list[Path]:
    """Tables of scores that a derivative data set holds, of any task."""
    return sorted((root / GROUP).glob(f"task-*_desc-{DESC}_classification.tsv"))


def classification_link(root: Path) -> dict[str, str]:
    """The page about classification, by its name; nothing when there is none."""
    page = root_path(root, "classification")
    return {"Expressions told apart": page.name} if page.is_file() else {}


def classification_section(root: Path) -> Section | None:
    """Short section for the report of a study; None when nothing was classified in these derivatives."""
    tables = classification_tables(root)
    if not tables:
        return None
    shown = tuple(
        ReportTable(score_rows(read_table(path)), "Accuracy of each protocol.", path.relative_to(root).as_posix())
        for path in tables
    )
    intro = (
        "Expressions of labelled clips were told apart by the geometry of the face. Only the guarded row says how "
        "well people never seen are recognised; the page about classification, beside this one, has the rest."
    )
    return Section("Expressions told apart", intro, tables=shown)


def score_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Scores as text, a row a protocol."""
    rows = []
    for _, row in table.iterrows():
        scores = {label: _with_interval(row, name) for name, label in SCORES.items()}
        known = row["n_permutations"] > 0
        chance = {"chance": _with_interval(row, "chance") if known else "not known"}
        chance |= {"p": f"{row['p']:.4g}" if known else "not known"}
        same = {"nearest clip of the same person": f"{row['same_subject_neighbour']:.0%}"}
        rows.append({"protocol": row["protocol"], **scores, **chance, **same})
    return pd.DataFrame(rows)


def _with_interval(row: pd.Series, name: str) -> str:
    return f"{row[name]:.3f} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"


def _relative(path: Path, shelf: Shelf) -> str:
    return path.relative_to(shelf.root).as_posix()


def _notices(table: pd.DataFrame, texts: Sequence[str]) -> list[Notice]:
    """Warnings of the tables and of the run, and what is to be known of few people and of takes."""
    found = [Notice("warning", text) for text in texts]
    n_subject = int(table["n_subject"].iloc[0])
    if n_subject < FEW_PEOPLE:
        found.append(
            Notice("warning", f"{n_subject} people: intervals over so few say little about people in general.")
        )
    for _, row in table[table["same_take"] > 0].iterrows():
        text = f"{row['protocol']}: {row['same_take']:.0%} of clips are tested with their own take in the training set."
        found.append(Notice("warning" if row["protocol"] == "guarded" else "note", text))
    if len(table) > 1:
        text = "The published protocol is shown for comparison: it knows the person who is tested, and decides nothing."
        found.append(Notice("note", text))
    return found


def _facts(study: Study, table: pd.DataFrame) -> tuple[Fact, ...]:
    first, how = table.iloc[0], study.classification
    components = f"{how.n_component} principal components" if how.n_component else "the distances themselves"
    known = table["n_permutations"].max()
    return (
        Fact("clips", f"{first['n_clip']} of {first['n_subject']} people, {first['n_class']} expressions"),
        Fact("stimulus", f"task {study.task}"),
        Fact("features", f"distances of all pairs of face vertices, {components}, reference {how.reference}"),
        Fact("model", str(first["model"])),
        *(Fact(f"{row['protocol']}: trained on", TRAINED_ON[row["split"]]) for _, row in table.iterrows()),
        Fact("chance", f"{known} permutations of labels within people" if known else "not known"),
        Fact("seed", str(study.null.seed)),
        Fact("software", f"isc-toolkit {code_version()}"),
    )


def _scores(table: pd.DataFrame, gap: dict[str, Any], links: dict[str, str]) -> Section:
    told = [
        f"{str(row['protocol']).capitalize()} ({str(row['split']).replace('_', ' ')}): trained on "
        f"{TRAINED_ON[row['split']]}."
        for _, row in table.iterrows()
    ]
    if gap:
        told.append(
            f"Published less guarded: {gap['difference']:+.3f} [{gap['low']:.3f}, {gap['high']:.3f}], p = "
            f"{gap['p']:.4g} (sign flips over people). The difference is what knowing the person adds, not "
            "recognition of expressions."
        )
    caption = (
        "Scores with 95 % intervals over people. Chance is what permuting the labels within people reaches: it keeps "
        "who is in the training set and how often everybody shows what, and controls nothing else."
    )
    shown = ReportTable(score_rows(table), caption, links["classification"])
    return Section("How well expressions are told apart", "\n\n".join(told), tables=(shown,))


def _people(people: pd.DataFrame, table: pd.DataFrame, links: dict[str, str]) -> Section:
    wide = people.pivot(index="subject", columns="protocol", values="accuracy")[list(table["protocol"])]
    guarded = table.set_index("protocol").loc["guarded"]
    chance = float(guarded["chance"]) if guarded["n_permutations"] else None
    low, high = wide["guarded"].min(), wide["guarded"].max()
    figure = report_figure(
        plot_subject_accuracy(wide, chance=chance),
        "Accuracy of every person, a line each; dotted: chance of the guarded protocol.",
        f"Guarded accuracy of single people from {low:.2f} to {high:.2f}, mean {wide['guarded'].mean():.2f}.",
    )
    shown = wide.sort_values("guarded").reset_index().rename(columns={"subject": "person"})
    shown.columns.name = None
    caption = "Accuracy of every person, the least recognised first."
    return Section(
        "Person by person", figures=(figure,), tables=(ReportTable(shown, caption, links["subject_accuracy"]),)
    )


def _confusions(cells: pd.DataFrame, table: pd.DataFrame, links: dict[str, str]) -> Section:
    figures = []
    for _, row in table.iterrows():
        own = cells[cells["protocol"] == row["protocol"]]
        names = list(dict.fromkeys(own["label"]))
        grid = own.set_index(["label", "predicted"])[["n_clip", "share", "low", "high"]].to_xarray()
        grid = grid.sel(label=names, predicted=names).assign_attrs(n_subject=int(row["n_subject"]))
        right = ", ".join(f"{name} {float(grid['share'].sel(label=name, predicted=name)):.0%}" for name in names)
        figures.append(
            report_figure(
                plot_confusion(grid),
                f"What clips were called, {row['protocol']} protocol: share of each true expression.",
                f"Recognised under the {row['protocol']} protocol: {right}.",
            )
        )
    wrong = cells[(cells["protocol"] == "guarded") & (cells["label"] != cells["predicted"]) & (cells["share"] > 0)]
    shown = wrong.sort_values("share", ascending=False).head(12)[
        ["label", "predicted", "n_clip", "share", "low", "high"]
    ]
    caption = "The most frequent confusions under the guarded protocol, as shares of the true expression."
    return Section(
        "What is called what", figures=tuple(figures), tables=(ReportTable(shown, caption, links["confusion"]),)
    )


def _pairs(pairs: pd.DataFrame, shape: xr.DataArray, n_explained: int, links: dict[str, str]) -> Section:
    intro = (
        "Squared distances are sums over pairs of vertices, so what each pair adds to telling the nearest clip of "
        f"another expression from the nearest of the same is exact. It was summed over {n_explained} clips under the "
        "guarded protocol, in the distances themselves; a model on principal components weights them otherwise. "
        "Positive shares speak for the right expression. The pairs were selected for being large, and their shares "
        "were not tested."
    )
    drawn = xr.DataArray(pairs["share"].to_numpy(float), dims="pair", name="share of all pairs")
    ends = [pairs[name].to_numpy(int) for name in ("vertex_a", "vertex_b")]
    top = min(DRAWN_PAIRS, len(pairs))
    regions = pairs.loc[: top - 1, ["region_a", "region_b"]].stack().value_counts().head(3).index
    words = ", ".join(str(name).replace("_", " ") for name in regions)
    figure = report_figure(
        plot_pair_map(drawn, shape, *ends, top=top),
        f"The {top} most informative of all pairs of vertices on the mean face of all clips; the table holds "
        f"{len(pairs)}.",
        f"The most informative pairs lie mostly in: {words}.",
    )
    names = {"vertex_a": "first vertex", "vertex_b": "second vertex", "region_a": "first region"}
    shown = pairs.head(12).assign(**{e: pairs[e].str.replace("_", " ") for e in ("region_a", "region_b")})
    shown = shown.rename(columns={**names, "region_b": "second region"})
    table = ReportTable(shown, "The most informative pairs.", links["informative_pairs"])
    return Section("What tells them apart", intro, (figure,), (table,))


def _methods(study: Study, table: pd.DataFrame) -> str:
    how, first = study.classification, table.iloc[0]
    face = "the mean of its frames" if how.statistic == "mean" else "the frame that departs most from the first"
    components = f" on {how.n_component} principal components" if how.n_component else ""
    splits = "; ".join(
        f"{row['protocol']}: {str(row['split']).replace('_', ' ')}, components fitted "
        + ("within the training clips" if row["pca"] == "fold" else "on all clips, test clips included")
        for _, row in table.iterrows()
    )
    return (
        f"Face landmarks of {first['n_clip']} clips of {first['n_subject']} people were tracked with MediaPipe's "
        "FaceLandmarker (Kartynnik et al. 2019) and aligned by rotation, translation and scale (Umeyama 1991), in "
        f"units of the inter-ocular distance. A clip's face was {face}; its features were the distances of all pairs "
        f"of vertices, less those of the reference ({how.reference.replace('_', ' ')}). {first['n_class']} "
        f"expressions were told apart by {first['model']}{components}. Clips were divided in two ways: {splits}. "
        f"Intervals (95 %) come from {how.n_bootstrap} samples of people with all their clips; chance and p from "
        f"{int(table['n_permutations'].max())} permutations of labels within people (Winkler et al. 2015), p = (b + 1) "
        f"/ (M + 1) (Phipson & Smyth 2010), seed {study.null.seed}.\n\nAll derivatives follow the conventions of BIDS "
        "(Gorgolewski et al. 2016)."
    )
