"""What a recorded command line shows of secrets: that there were some."""

from __future__ import annotations

import pytest

from jupyter_mlws.domain.masking import hidden_values, mask


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("--token=abc", "--token=***"),
        ("--token abc", "--token ***"),
        ("-token abc", "-token ***"),
        ("--hf_token abc --lr 1", "--hf_token *** --lr 1"),
        ("--HF-TOKEN=a=b", "--HF-TOKEN=***"),
        ("--authToken abc", "--authToken ***"),
        ("--mytoken=abc", "--mytoken=***"),
        ("--token", "--token"),
        ("--token --verbose", "--token --verbose"),
        ("--token -abc", "--token ***"),
        ("--token-file x", "--token-file ***"),
        ("--db.password x", "--db.password ***"),
        ("--passwd x --pwd=y --passphrase z", "--passwd *** --pwd=*** --passphrase ***"),
        ("--client-secret x --secrets=y --secretkey z", "--client-secret *** --secrets=*** --secretkey ***"),
        (
            "--api-key x --api_key=y --apikey=z --access-key-id w",
            "--api-key *** --api_key=*** --apikey=*** --access-key-id ***",
        ),
        ("--private-key x --credentials=y", "--private-key *** --credentials=***"),
        ("--tokenizer gpt2 --max-tokens 100 --num_tokens=7", "--tokenizer gpt2 --max-tokens 100 --num_tokens=7"),
        ("--keyboard us --key 3 --secretary-problem", "--keyboard us --key 3 --secretary-problem"),
        ("token abc token=abc", "token abc token=abc"),
        ("python -c print(1) -p lr=0.1", "python -c print(1) -p lr=0.1"),
    ],
)
def test_values_of_options_that_sound_secret_are_hidden(words: str, shown: str) -> None:
    assert " ".join(mask(words.split(" "))) == shown


def test_line_breaks_and_bytes_that_are_no_text_do_not_stop_it() -> None:
    assert mask(["--token=a\nb", "caf\udce9", "--password", "a\nb"]) == (
        "--token=***",
        "caf\ufffd",
        "--password",
        "***",
    )


def test_what_a_record_does_not_show_of_a_command() -> None:
    words = ["train.py", "--token", "a b", "--api-key=k=1", "--lr", "0.1", "***", "caf\udce9"]
    assert hidden_values(mask(words), words) == ("a b", "k=1")
    assert hidden_values(words, words) == ()
