"""The line of ``%%submit``: understood as written, or answered with the way out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlws.errors import InvalidName, MlwsError, TooLarge, UsageError
from jupyter_mlws.magics.grammar import OPTIONS, help_text, option_names, parse_cell_line, parse_file_line


def parse(line: str, **names: Any):
    return parse_cell_line(line, names)


def test_an_empty_line_has_the_defaults() -> None:
    options = parse("")
    assert (options.experiment, options.compute, options.environment) == (None, "local", "kernel")
    assert (options.capture, options.results, options.snapshot, options.capture_limit) == (
        "auto",
        "auto",
        "auto",
        2**31,
    )


def test_a_full_line() -> None:
    options = parse(
        "digits -c local -p lr=0.1 depth=4 -p name='a b' --as fit -n 'my run' -t best -t stage=2 --note \"two words\" "
        "--gpus 0 --cpus 2 --memory 1.5G --timeout 1h30m -w --replace --env-var A=1 B=2 --data ../x ../y "
        "--capture a,b,-c --capture-limit 256M --return model --snapshot none --secret KEY"
    )
    assert options.experiment == "digits"
    assert options.params == {"lr": "0.1", "depth": "4", "name": "a b"}
    assert (options.bind, options.name, options.note) == ("fit", "my run", "two words")
    assert options.tags == {"best": "", "stage": "2"}
    assert (options.gpus, options.cpus, options.memory, options.timeout) == (0, 2, 1536 * 2**20, 5400)
    assert (options.wait, options.replace, options.preview) == (True, True, False)
    assert options.variables == {"A": "1", "B": "2"}
    assert (options.data, options.secrets) == (("../x", "../y"), ("KEY",))
    assert (options.capture, options.capture_limit, options.results) == ("a,b,-c", 2**28, "model")


@pytest.mark.parametrize(
    ("line", "experiment"),
    [("-e exp", "exp"), ("exp", "exp"), ("--experiment=exp", "exp"), ("-p a=1 exp", "exp"), ("-eexp", "exp")],
)
def test_the_experiment_is_named_in_several_ways(line: str, experiment: str) -> None:
    assert parse(line).experiment == experiment


def test_runs_to_follow_are_named_one_by_one_or_with_commas() -> None:
    options = parse("--after 11,12 digits --after fit")
    assert (options.after, options.experiment) == (("11", "12", "fit"), "digits")


def test_comments_are_dropped_and_quotes_keep_them() -> None:
    options = parse("digits -n 'a # b' # the rest is for people --nonsense")
    assert (options.experiment, options.name) == ("digits", "a # b")


def test_names_and_expressions_expand_as_in_ipython() -> None:
    config = {"lr": 0.25, "a b": 7}
    options = parse(
        "$exp -p lr={config['lr']} n={len(items) * 2} v={config['a b']} m={pi:.2f} same={{x}} "
        "cost=$$5 miss=$nowhere other={nope}",
        exp="digits", config=config, items=[1, 2], pi=3.14159,
    )  # fmt: skip
    assert options.experiment == "digits"
    assert options.params == {
        "lr": "0.25", "n": "4", "v": "7", "m": "3.14", "same": "{x}", "cost": "$5",
        "miss": "$nowhere", "other": "{nope}",
    }  # fmt: skip


def test_a_value_with_spaces_stays_one_word() -> None:
    assert parse("-n $title", title="two words -w").name == "two words -w"
    assert parse("-n $title", title="two words -w").wait is False


@pytest.mark.parametrize(
    "line",
    [
        "--name \"$(touch {})\" --arg {{__import__('os').system('touch {}')}}",
        "--name {{__import__('os').system('touch {}')}}",
        "--name `touch {}` -p a={{os.system('touch {}')}}",
        "--name {{().__class__}}",
        "-p a={{(lambda: 1)()}}",
    ],
)
def test_K13_nothing_in_a_line_is_run(line: str, tmp_path: Path) -> None:
    mark = tmp_path / "pwned"
    with pytest.raises(UsageError):
        parse_cell_line(line.format(mark, mark), {"os": os})
    assert not mark.exists()


def test_K13_a_shells_signs_are_plain_text(tmp_path: Path) -> None:
    mark = tmp_path / "pwned"
    assert parse(f'--name "$(touch {mark})"').name == f"$(touch {mark})"
    assert not mark.exists()


def test_a_sweep_is_the_product_of_its_axes() -> None:
    options = parse("--sweep a=1,2 b='x,y',z --sweep c=log(1e-4,1e-2,3) --parallel 2")
    assert len(options.sweep) == 2 * 3 * 3
    assert options.sweep[0] == {"a": "1", "b": "x", "c": "0.0001"}
    assert [child["c"] for child in options.sweep[:3]] == ["0.0001", "0.001", "0.01"]
    assert options.parallel == 2


def test_values_of_a_sweep_may_hold_commas_in_brackets() -> None:
    assert [child["layers"] for child in parse("--sweep layers=(8,),(16,8)").sweep] == ["(8,)", "(16,8)"]


def test_a_large_sweep_must_be_meant() -> None:
    axes = "--sweep a=log(1,10,11) --sweep b=log(1,10,10)"
    with pytest.raises(TooLarge, match=r"110 runs.*--max 110"):
        parse(axes)
    assert len(parse(f"{axes} --max 110").sweep) == 110


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--compte gpu", "no option --compte.*Did you mean --compute"),
        ("--sweeep k=1", "Did you mean --sweep"),
        ("-z", "no option -z"),
        ("-p lr", "--param needs name=value"),
        ("-p", "--param needs a value"),
        ("--timeout soon", "90s, 30m or 2h"),
        ("--memory much", "256M or 2G"),
        ("--cpus 0", "--cpus cannot be '0'"),
        ("--wait=yes", "--wait takes no value"),
        ("-n 'open", "quote .* is not closed"),
        ("one two", "'two' is one word too many"),
        ("--as 1x", "--as cannot be '1x'"),
        ("-n a -n b", "--name is given twice"),
        ("--sweep k=1 --sweep k=2", "names k twice"),
        ("--sweep k=1,,2", "empty value"),
        ("--sweep k=log(0,1,3)", "above zero"),
        ("-p k=1 --sweep k=1,2", "both a parameter and swept"),
        ("--env a:b", "names no version"),
    ],
)
def test_mistakes_are_answered_with_the_way_out(line: str, said: str) -> None:
    with pytest.raises(MlwsError, match=said) as caught:
        parse(line)
    assert caught.value.hint


def test_an_experiments_name_is_checked() -> None:
    with pytest.raises(InvalidName):
        parse("-e 'a b'")


def test_a_scripts_arguments_are_its_own() -> None:
    options = parse_file_line("-e exp --timeout 90s train.py --lr {lr} -x 'a b' '' * # note", {"lr": 2})
    assert (options.file, options.experiment, options.timeout) == ("train.py", "exp", 90)
    assert options.arguments == ("--lr", "2", "-x", "a b", "", "*")
    with pytest.raises(UsageError, match="Name the file"):
        parse_file_line("-w", {})


def test_defaults_of_the_notebook_give_way_to_the_line() -> None:
    defaults = {"experiment": "kept", "compute": "gpu"}
    assert parse_cell_line("", {}, defaults).experiment == "kept"
    assert parse_cell_line("other -c local", {}, defaults).experiment == "other"
    assert parse_cell_line("other -c local", {}, defaults).compute == "local"


def test_help_names_every_option() -> None:
    text = help_text()
    assert all(name in text for name in option_names())
    assert len(option_names()) == sum(len(option.names) for option in OPTIONS)
    assert parse("--help").help
