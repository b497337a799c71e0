"""Training is repeatable to the bit, also over a kill; it stops and keeps the best by validation."""

import json

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'isc-toolkit[networks]'")

from isc.io.files.atomic import DerivativeError  # noqa: E402
from isc.networks import (  # noqa: E402
    ArrayTable,
    Batches,
    Recipe,
    build,
    class_scorer,
    compact_se_resnet,
    cross_entropy,
    make_jitter,
    train,
)
from isc.networks.recipe import make_optimizer, parameter_groups  # noqa: E402

RECIPE = Recipe(n_iterations=12, validate_every=3, n_parts=2, learning_rates={"head": 0.05, "": 0.02})


def small(n_class=3):
    """A network with everything that can go astray: batch normalisation, dropout, a head."""
    model = compact_se_resnet(n_class, width=4)
    model.head = torch.nn.Sequential(torch.nn.Dropout(0.3), model.head)
    return model


class Killed(Exception):  # noqa: N818
    pass


@pytest.fixture
def run(spots):
    """Train on the spots; gives outcome and weights."""

    def run(recipe=RECIPE, folder=None, kill_at=None, factory=small):
        pictures, codes = spots
        table = ArrayTable(input=pictures, code=codes)
        score = class_scorer(table, codes, 3)
        batches = Batches(table, size=10, augment=make_jitter(), seed=3)

        def progress(name, done, expected):
            if done == kill_at:
                raise Killed

        model = build(factory, seed=1)
        done = train(model, batches, cross_entropy(), score, recipe=recipe, folder=folder, progress=progress)
        return done, model.state_dict()

    return run


def same(first, second):
    return all(torch.equal(first[name], second[name]) for name in first)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(run):
    (first, weights), (again, other) = run(), run()
    assert same(weights, other) and first.history.equals(again.history)
    _, different = run(Recipe(**RECIPE.settings() | {"seed": 1}))
    assert not same(weights, different)


@pytest.mark.parametrize("kill_at", [7, 9, 11])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_killed_run_goes_on_to_the_bits_of_one_that_was_not(run, tmp_path, kill_at, optimizer):
    recipe = Recipe(**RECIPE.settings() | {"optimizer": optimizer, "learning_rates": {"": 0.003}})
    whole, weights = run(recipe)
    with pytest.raises(Killed):
        run(recipe, tmp_path, kill_at=kill_at)
    resumed, found = run(recipe, tmp_path)
    assert same(weights, found)
    pd.testing.assert_frame_equal(whole.history, resumed.history)


def test_a_finished_run_is_not_trained_again_and_may_go_on_for_longer(run, tmp_path):
    _, weights = run(folder=tmp_path)
    _, again = run(folder=tmp_path, kill_at=1)
    assert same(weights, again)
    longer, _ = run(Recipe(**RECIPE.settings() | {"n_iterations": 15}), tmp_path)
    assert longer.history["iteration"].tolist() == [3, 6, 9, 12, 15]


def test_logs_are_tables_that_anyone_can_open(run, tmp_path):
    done, _ = run(folder=tmp_path)
    log = pd.read_csv(tmp_path / "log.csv")
    assert log["iteration"].tolist() == [3, 6, 9, 12]
    assert {"loss", "accuracy", "macro_f1", "abaw", "log_loss"} < set(log)
    outcome = json.loads((tmp_path / "run.json").read_text())
    assert outcome["best_iteration"] == done.best_iteration and outcome["recipe"]["seed"] == 0


def test_it_learns(run):
    recipe = Recipe(**RECIPE.settings() | {"n_iterations": 60, "validate_every": 10})
    done, _ = run(recipe)
    assert done.best["accuracy"] > 0.9
    assert done.history["loss"].iloc[-1] < done.history["loss"].iloc[0]


@pytest.fixture
def scripted():
    """Train a line whose validation scores are written down before."""

    def run(scores, criterion="abaw", patience=None):
        table = ArrayTable(input=np.eye(2), code=np.array([0, 1]))
        model, said, seen = build(torch.nn.Linear, 2, 2), iter(scores), []

        def score(network):
            seen.append(network.weight.detach().clone())
            return {criterion: next(said)}

        recipe = Recipe(
            n_iterations=len(scores), validate_every=1, patience=patience, criterion=criterion, learning_rates={"": 0.1}
        )
        done = train(model, Batches(table, size=2), cross_entropy(), score, recipe=recipe)
        return done, model, seen

    return run


def test_the_best_weights_are_kept_not_the_last(scripted):
    done, model, seen = scripted([0.1, 0.5, 0.5, 0.2])
    assert done.best_iteration == 2 and not done.stopped_early
    assert torch.equal(model.weight, seen[1]) and not torch.equal(model.weight, seen[3])


def test_of_a_loss_the_smallest_is_the_best(scripted):
    assert scripted([0.5, 0.2, 0.4], criterion="log_loss")[0].best_iteration == 2


def test_it_stops_after_patience_validations_without_a_better_one(scripted):
    done, _, seen = scripted([0.1, 0.5, 0.4, 0.5, 0.9], patience=2)
    assert done.stopped_early and len(seen) == 4 and done.best_iteration == 2


def test_a_criterion_that_is_no_score_is_refused(spots):
    table = ArrayTable(input=np.eye(2), code=np.array([0, 1]))
    with pytest.raises(ValueError, match="criterion 'abaw' is not among the scores"):
        train(torch.nn.Linear(2, 2), Batches(table, size=2), cross_entropy(), lambda m: {"error": 1.0},
              recipe=Recipe(n_iterations=1))  # fmt: skip


def test_a_loss_that_is_not_finite_ends_the_training():
    table = ArrayTable(input=np.full((2, 2), np.nan), code=np.array([0, 1]))
    with pytest.raises(ValueError, match="the loss is nan at iteration 0; lower the learning rates"):
        train(
            torch.nn.Linear(2, 2), Batches(table, size=2), cross_entropy(), lambda m: {"abaw": 0.0}, recipe=RECIPE_LINE
        )


RECIPE_LINE = Recipe(n_iterations=1, learning_rates={"": 0.1})


def test_a_checkpoint_of_another_recipe_or_network_is_refused(run, tmp_path):
    run(folder=tmp_path)
    with pytest.raises(ValueError, match="was made with momentum 0.9, now it is 0.5"):
        run(Recipe(**RECIPE.settings() | {"momentum": 0.5}), tmp_path)
    with pytest.raises(ValueError, match="is of another network"):
        run(folder=tmp_path, factory=lambda: compact_se_resnet(3, width=8))


def test_a_checkpoint_of_other_data_is_refused(run, spots, tmp_path):
    run(folder=tmp_path)
    spots[0][:] = spots[0][::-1].copy()
    with pytest.raises(ValueError, match="was made with data '.*', now it is '.*'; use the old value"):
        run(folder=tmp_path)


def test_a_damaged_checkpoint_says_what_to_do(run, tmp_path):
    (tmp_path / "checkpoint.npz").write_bytes(b"half of it")
    with pytest.raises(DerivativeError, match=r"checkpoint.npz cannot be read: .*; delete it"):
        run(folder=tmp_path)


def test_head_and_body_learn_at_rates_of_their_own_and_a_rate_of_zero_freezes():
    model = small()
    groups = parameter_groups(model, {"head": 1e-3, "": 1e-6})
    assert [(g["name"], g["lr"], len(g["params"])) for g in groups][0] == ("head", 1e-3, 2)
    parameter_groups(model, {"head": 1e-3, "": 0})
    assert {n for n, p in model.named_parameters() if p.requires_grad} == {"head.1.weight", "head.1.bias"}


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ({"tail": 1.0, "": 1.0}, "no parameter's name starts with 'tail'; the parts of the network are"),
        ({"head": 1.0}, "has no learning rate"),
        ({"": 0.0}, "all learning rates are 0"),
    ],
)
def test_learning_rates_must_fit_the_network(rates, message):
    with pytest.raises(ValueError, match=message):
        parameter_groups(small(), rates)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_parts": 0}, "n_parts must be 1 at least"),
        ({"patience": 0}, "patience must be 1 validation at least"),
        ({"optimizer": "lbfgs"}, "optimizer must be 'sgd' or 'adam'"),
        ({"batch_norm": "off"}, "batch_norm must be 'train' or 'frozen'"),
        ({"learning_rates": {"": -1}}, "none below 0"),
    ],
)
def test_a_recipe_with_a_wrong_number_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**change)


def test_the_published_optimizer_has_its_numbers():
    recipe = Recipe(learning_rates={"head": 1e-3, "": 1e-6})
    groups = make_optimizer(small(), recipe).param_groups
    assert [(g["lr"], g["momentum"], g["weight_decay"]) for g in groups] == [(1e-3, 0.9, 0.005), (1e-6, 0.9, 0.005)]


def test_frozen_batch_normalisation_keeps_its_means(spots):
    pictures, codes = spots
    table = ArrayTable(input=pictures, code=codes)
    model = build(small, seed=1)
    before = model.stem[1].running_mean.clone()
    for how, changes in (("frozen", False), ("train", True)):
        recipe = Recipe(n_iterations=2, learning_rates={"": 1e-3}, batch_norm=how)
        train(model, Batches(table, size=10), cross_entropy(), class_scorer(table, codes, 3), recipe=recipe)
        assert torch.equal(before, model.stem[1].running_mean) is not changes


def test_a_score_that_is_not_known_is_null_in_the_outcome_and_never_the_best(spots, tmp_path):
    pictures, codes = spots
    table, rows = ArrayTable(input=pictures, code=codes), iter([float("nan"), 0.2, float("nan"), 0.1])

    def score(model):
        return {"abaw": next(rows), "phone_accuracy": float("nan")}

    batches = Batches(table, size=10, seed=3)
    done = train(build(small, seed=1), batches, cross_entropy(), score, recipe=RECIPE, folder=tmp_path)
    assert done.best_iteration == 6 and done.best["abaw"] == 0.2
    assert json.loads((tmp_path / "run.json").read_text())["best"] == {"abaw": 0.2, "phone_accuracy": None}
