"""Error rate of two nulls of leave-one-out: everybody is shifted in time, or the left-out subject alone.

    python -m benchmarks.left_out_null [--n-data 400]

Moving only the left-out subject against the observed others is common. Ten people without synchrony, one feature, 16
windows of 150 samples; the largest window is compared with the largest of 199 circular shifts at 5 %.
"""

import argparse

import numpy as np

SUBJECTS, WINDOWS, LENGTH, SURROGATES, ALPHA = 10, 16, 150, 199, 0.05
KINDS = {"white": 0.0, "autocorrelation .95": 0.95}


def unrelated(rng: np.random.Generator, memory: float) -> np.ndarray:
    """Series (subject, time) of people who share nothing, autoregressive of first order."""
    noise = rng.normal(size=(SUBJECTS, WINDOWS * LENGTH))
    noise[:, 0] /= np.sqrt(1 - memory**2)
    for t in range(1, noise.shape[1]):
        noise[:, t] += memory * noise[:, t - 1]
    return noise


def largest(left_out: np.ndarray, others: np.ndarray) -> float:
    """Largest window of the mean over subjects of r between `left_out` and the mean of the others."""
    own, rest = (x.reshape(SUBJECTS, WINDOWS, LENGTH) for x in (left_out, others.sum(axis=0) - others))
    own, rest = (x - x.mean(axis=2, keepdims=True) for x in (own, rest))
    products = (own * rest).sum(axis=2) / np.sqrt((own**2).sum(axis=2) * (rest**2).sum(axis=2))
    return float(products.mean(axis=0).max())


def p_values(series: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """P with everybody shifted, and with the left-out subject alone."""
    observed, reached = largest(series, series), np.zeros(2)
    for _ in range(SURROGATES):
        shifts = rng.integers(0, series.shape[1], SUBJECTS)
        moved = np.stack([np.roll(row, shift) for row, shift in zip(series, shifts, strict=True)])
        reached += largest(moved, moved) >= observed, largest(moved, series) >= observed
    everybody, alone = (1 + reached) / (1 + SURROGATES)
    return float(everybody), float(alone)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n-data", type=int, default=400, help="recordings of each kind")
    n_data = parser.parse_args().n_data
    rng = np.random.default_rng(0)
    print("| series | everybody shifted | left-out subject alone |\n|---|---|---|")
    for name, memory in KINDS.items():
        found = np.array([p_values(unrelated(rng, memory), rng) for _ in range(n_data)])
        shares = " | ".join(f"{100 * share:.1f} %" for share in (found <= ALPHA).mean(axis=0))
        print(f"| {name} | {shares} |")


if __name__ == "__main__":
    main()
