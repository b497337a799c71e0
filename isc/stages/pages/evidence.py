"""Sections of the report about evidence: what synchrony is compared with, whether to believe it, what people said."""

import pandas as pd
import xarray as xr

from isc.plots import plot_agreement, plot_diagnostics, plot_null, plot_relation
from isc.report import ReportFigure, ReportTable, Section, compare_nulls
from isc.stages.pages.sections import STRONGEST_ROWS, Results, report_figure

CHANCE_ALPHA = 0.05  # of the chance band of agreement


def null_section(results: Results) -> Section:
    """The nulls side by side: what each reaches, what it tests and what it does not."""
    figures, tables = [], []
    for features, nulls in results.nulls.items():
        tisc = results.tisc[features]
        figure = plot_null(nulls, observed=tisc, thresholds=results.thresholds[features])
        figures.append(
            report_figure(
                figure,
                f"Extremes of t-ISC over {features} and windows in surrogate data without synchrony, with thresholds "
                "and their 95 % Monte-Carlo interval (none where the surrogates are all there are), beside the "
                "observed extremes.",
                f"Histograms of surrogate extremes of {features}; observed maximum r = {float(tisc.max()):.2f}.",
            )
        )
        tables.append(
            ReportTable(
                compare_nulls(tisc, results.thresholds[features]),
                f"The nulls of the {features} side by side.",
                results.links[f"tisc {features}"],
            )
        )
    intro = (
        f"Significance in this report means passing every one of: {results.scheme}. Other schemes are shown for "
        "comparison with earlier work and decide nothing. What each of them shows, and what it does not, is in the "
        "tables."
    )
    return Section("What synchrony is compared with", intro, tuple(figures), tuple(tables))


def diagnostics_section(diagnosis: xr.Dataset) -> Section:
    """Smoothness, effective samples and left-out participants, window by window."""
    dropped = float(diagnosis["dropped_share"].max())
    figure = report_figure(
        plot_diagnostics(diagnosis),
        "Autocorrelation time, effective samples, and the share of participants left out, of every window. The "
        "circular shift supposes that the first of them stays the same throughout.",
        f"Diagnostics of every window: autocorrelation time of the whole recording "
        f"{diagnosis.attrs['autocorrelation_time']:.3g} samples, at most {dropped:.0%} of participants left out.",
    )
    return Section("Can the tests be believed?", figures=(figure,))


def behaviour_section(results: Results) -> Section | None:
    """Reported peaks, their agreement and its relation to synchrony; None without a valid key log."""
    if results.agreement is None:
        return None
    chance = xr.Dataset({"threshold": results.chance_upper}, attrs={"alpha": CHANCE_ALPHA})
    figure = plot_agreement(results.agreement, chance=chance, epochs=results.epochs)
    largest = float(results.agreement.max())
    figures: tuple[ReportFigure, ...] = (
        report_figure(
            figure,
            "Share of participants with a key press in each window. Above the line, agreement is larger than the "
            "largest of 95 % of surrogates, in which everybody's presses were shifted in time.",
            f"Agreement of reported peaks: at most {largest:.0%} of participants press in one window.",
        ),
    )
    if "vertices" in results.associations and results.associations["vertices"]["p"].notna().any():
        figures = (*figures, _relation_figure(results, results.agreement))
    tables = tuple(
        ReportTable(
            _strongest_associations(table),
            f"Relation of t-ISC to agreement, the {min(STRONGEST_ROWS, len(table))} strongest of {len(table)} {name}; "
            "a positive lag means that presses follow synchrony by so many seconds; p allows for the lags, p_fwe also "
            "for the number of features, of which these were selected.",
            results.links[f"association {name}"],
        )
        for name, table in results.associations.items()
    )
    intro = "\n\n".join(f"The relation of synchrony to reports: {text}" for text in results.association_notes)
    return Section("Reported peaks", intro, figures, tables)


def _relation_figure(results: Results, agreement: xr.DataArray) -> ReportFigure:
    """The vertices whose synchrony goes most, and least, with agreement."""
    tisc, table = results.tisc["vertices"], results.associations["vertices"]
    relation = xr.Dataset({name: ("vertex", table[name].to_numpy(float)) for name in ("r", "lag", "p_fwe")})
    relation = relation.assign_coords(vertex=table["vertex_a"].to_numpy())
    return report_figure(
        plot_relation(tisc, agreement, relation, results.shape, thresholds=results.deciding["vertices"]),
        "t-ISC of the vertices whose synchrony goes most and least with agreement, with the null band, beside the "
        "agreement at the time of the reports, and where they are. They were selected for that.",
        f"Relation of synchrony to agreement: r from {table['r'].min():.2f} to {table['r'].max():.2f} over vertices.",
    )


def _strongest_associations(table: pd.DataFrame) -> pd.DataFrame:
    """Features with the largest |r|, without the columns that only programs need."""
    order = table["r"].abs().sort_values(ascending=False).index
    shown = table.reindex(order).head(STRONGEST_ROWS).round(3).drop(columns=["vertex_a", "vertex_b"])
    return shown.rename(columns={"lag": "lag (s)", "effective_n": "effective windows"})
