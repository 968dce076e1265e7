"""The recognisers: sizes as published, decoding held against brute force, training that resumes."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
import torch

from syncbench.baselines.avsr import inputs, systems, training
from syncbench.baselines.avsr.conformer import ConformerEncoder, length_mask
from syncbench.baselines.avsr.corpus import Example, load
from syncbench.baselines.avsr.decoder import BLANK, END, SYMBOLS, decode_text, encode_text
from syncbench.baselines.avsr.decoding import Beam, PrefixScorer, beam_search, greedy_ctc
from syncbench.baselines.avsr.dropout import Dropout
from syncbench.baselines.avsr.language import CharacterNgram
from syncbench.baselines.avsr.network import ARCHITECTURES, build
from syncbench.baselines.avsr.presets import EMBEDDED, PAPER, Preset
from syncbench.baselines.avsr.scoring import Reliability
from syncbench.baselines.avsr.views import store_views
from syncbench.contracts import Setup, Word
from syncbench.errors import ClipError, CommandError, Unavailable

TINY = Preset(
    frontend="resnet", width=2, field=96, stored=24, crop=20, dimension=16, heads=2, hidden=32, kernel=5, blocks=1,
    layers=1, joint=16, scoring=8, dropout=0.0, ctc=0.3,
)  # fmt: skip


def parameters(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_parameter_counts_are_the_published_ones() -> None:
    assert 2 * parameters(Reliability()) == 29_375_488
    with torch.device("meta"):
        networks = {a: build(a, PAPER) for a in ARCHITECTURES}
    # By arithmetic from the published sizes.
    visual = 64 * 5 * 7 * 7 + 128 + 11_166_976  # stem, its norm, ResNet-18 without stem and classifier
    audio = 64 * 80 + 128
    for inside, outside in ((64, 64), (64, 128), (128, 256), (256, 512)):
        audio += 3 * (inside * outside + 3 * outside * outside) + 8 * outside
        audio += inside * outside + 2 * outside if inside != outside else 0
    feed_forward = 2 * 256 * 2048 + 2048 + 256
    attention = 4 * (256 * 256 + 256)
    convolution = 256 * 512 + 512 + 256 * 31 + 256 + 512 + 256 * 256 + 256
    block = 2 * feed_forward + attention + 256 * 256 + 512 + convolution + 5 * 512
    encoder = 512 * 256 + 256 + 12 * block + 512
    decoder = 41 * 256 + 6 * (2 * attention + feed_forward + 3 * 512) + 512 + 256 * 41 + 41
    ctc = 256 * 41 + 41
    fusions = {
        "audio": encoder,
        "video": encoder,
        "av": 2 * encoder + 512 * 1024 + 1024 + 2048 + 1024 * 256 + 256,
        "vcafe": encoder + 3 * (512 * 512 + 512) + 3 * 512 * 512 + 512 + 512 * 512 + 512 + 1024 * 512 + 512,
        "relscore": encoder + 29_375_488,
    }
    for name, network in networks.items():
        streams = (visual if name != "audio" else 0) + (audio if name != "video" else 0)
        assert parameters(network) == streams + fusions[name] + decoder + ctc, name
    assert parameters(networks["relscore"]) == 85_718_674


def test_scores_see_nineteen_frames_and_lie_between_nought_and_one() -> None:
    torch.manual_seed(0)
    module = Reliability(8, 16).eval()
    features = torch.randn(1, 60, 8)
    scores = module(features)
    assert scores.shape == (1, 60, 8)
    assert 0 < scores.min() < scores.max() < 1
    features[0, 30] += 1.0
    touched = (module(features) != scores).any(-1)[0].nonzero().flatten()
    assert (touched.min(), touched.max()) == (21, 39)


COMPACT = dataclasses.replace(TINY, frontend="compact", width=32, field=126, stored=72, crop=64)


@pytest.mark.parametrize("preset", [TINY, COMPACT])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_padding_changes_nothing(architecture, preset) -> None:
    torch.manual_seed(1)
    network = build(architecture, preset).eval()
    frames, wave = torch.randn(2, 30, preset.crop, preset.crop), torch.randn(2, 30 * 640)
    lengths = torch.tensor([30, 22])
    with torch.inference_mode():
        visual, audio = network.features(frames, wave)
        together, _ = network.encode(visual, audio, lengths)
        cut = (None if x is None else x[1:, :22] for x in (visual, audio))
        alone, traces = network.encode(*cut, torch.tensor([22]))
    assert together.shape == (2, 30, 16)
    # Scores near the end see the padding: nine frames (AV-RelScore), one (V-CAFE); its memory attends to all.
    if architecture in ("audio", "video", "av"):
        assert torch.allclose(together[1, :22], alone[0], atol=1e-5)
    assert all(t.shape == (1, 22) for t in traces.values())
    assert bool(traces) == (architecture in ("vcafe", "relscore"))


@pytest.mark.parametrize("preset", [TINY, COMPACT])
def test_features_are_of_their_frame(preset) -> None:
    torch.manual_seed(0)
    network = build("av", preset).eval()
    frames, wave = torch.randn(1, 20, preset.crop, preset.crop), torch.randn(1, 20 * 640)
    with torch.inference_mode():
        seen, heard = network.features(frames, wave)
        frames[0, 10] += 1.0
        wave[0, 10 * 640 : 11 * 640] *= 4.0
        seen_now, heard_now = network.features(frames, wave)
    for before, after in ((seen, seen_now), (heard, heard_now)):
        assert before is not None
        assert after is not None
        assert before.shape == (1, 20, preset.features)
        touched = (before != after).any(-1)[0].nonzero().flatten().tolist()
        assert 10 in touched
        assert 7 <= min(touched) <= max(touched) <= 13


def test_mel_bands_cover_the_spectrum_evenly() -> None:
    from syncbench.baselines.avsr.frontends import mel_filters

    filters = mel_filters(64, 257)
    assert (filters.sum(dim=1) > 0).all()
    inner = filters.sum(dim=0)[4:250]
    assert inner == pytest.approx(torch.ones_like(inner), abs=0.35)
    peaks = filters.argmax(dim=1)
    assert (peaks.diff() >= 0).all()


def test_the_video_recogniser_starts_from_lip_reader_and_audio(tmp_path) -> None:
    from safetensors.torch import load_file

    torch.manual_seed(0)
    heard, network = build("audio", COMPACT), build("video", COMPACT)
    training.save_network(heard, tmp_path / "audio.safetensors")
    training.start_video(network, tmp_path / "audio.safetensors")
    assert network.visual is not None
    kept = load_file(training.LIPREADER)["trunk.layers.0.0.weight"].float()
    assert torch.equal(network.visual.get_parameter("trunk.layers.0.0.weight"), kept)
    for mine, other in ((network.decoder, heard.decoder), (network.fusion, heard.fusion), (network.ctc, heard.ctc)):
        for a, b in zip(mine.parameters(), other.parameters(), strict=True):
            assert torch.equal(a, b.half().float())


def test_fusions_start_from_the_recognisers_of_one_stream(tmp_path) -> None:
    torch.manual_seed(0)
    files = {stream: tmp_path / f"{stream}.safetensors" for stream in ("audio", "video")}
    for stream, file in files.items():
        training.save_network(build(stream, TINY), file)
    heard, seen = systems.load(files["audio"]).state_dict(), systems.load(files["video"]).state_dict()
    started = {name: n.state_dict() for name, n in training.start_fusions(TINY, *files.values()).items()}
    some = "blocks.0.first.w1.weight"
    for name, key, source in (
        ("av", f"fusion.audio.{some}", heard),
        ("av", f"fusion.visual.{some}", seen),
        ("vcafe", f"fusion.encoder.{some}", heard),
        ("relscore", f"fusion.encoder.{some}", seen),
        ("relscore", "ctc.weight", seen),
        ("vcafe", "ctc.weight", heard),
    ):
        known = source[key.replace("fusion.audio", "fusion.encoder").replace("fusion.visual", "fusion.encoder")]
        assert torch.equal(started[name][key], known), (name, key)
    for name in ("av", "vcafe", "relscore"):
        for key in (k for k in started[name] if k.startswith(("audio.", "visual."))):
            assert torch.equal(started[name][key], (heard | seen)[key]), (name, key)


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    x, drop = torch.ones(37, 101), Dropout(0.25)
    dropped = drop(x)
    assert dropped.unique().tolist() == pytest.approx([0.0, 4 / 3])
    for place in range(8):  # each of the eight bytes of a number
        assert (dropped.flatten()[place::8] == 0).float().mean() == pytest.approx(0.25, abs=0.08)
    assert not torch.equal(dropped, drop(x))
    torch.manual_seed(0)
    assert torch.equal(dropped, drop(x))
    assert torch.equal(drop.eval()(x), x)


def test_each_word_weighs_the_same() -> None:
    named = torch.tensor([[0, 0, 0, 5, 5, 7, 0, -1]])
    weight = training._even(named)[0]
    assert weight[named[0] == 5].sum() == weight[named[0] == 7].sum() == 1.0
    assert weight[named[0] == 0].sum() == pytest.approx(1.0)
    assert weight[-1] == 0.0


def test_relative_attention_knows_distances_not_places() -> None:
    torch.manual_seed(0)
    encoder = ConformerEncoder(4, 16, 2, 32, 5, 1, 0.0).eval()
    layer = encoder.blocks[0].attention
    x = torch.randn(1, 12, 16)
    from syncbench.baselines.avsr.conformer import relative_positions

    positions = relative_positions(12, 16, x.device, x.dtype)
    everyone = torch.ones(1, 12, dtype=torch.bool)
    whole = layer(x, positions, everyone)
    # The same frames between others that are masked: only distances matter.
    longer = torch.cat([torch.randn(1, 3, 16), x, torch.randn(1, 5, 16)], dim=1)
    mask = torch.zeros(1, 20, dtype=torch.bool)
    mask[:, 3:15] = True
    moved = layer(longer, relative_positions(20, 16, x.device, x.dtype), mask)[:, 3:15]
    assert torch.allclose(whole, moved, atol=1e-5)
    assert not torch.allclose(whole, layer(x.flip(1), positions, everyone).flip(1), atol=1e-3)  # and their sign


def said(path: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(s for s, _ in itertools.groupby(path) if s != BLANK)


def test_ctc_prefix_scores_equal_brute_force() -> None:
    torch.manual_seed(0)
    frames, symbols = 5, 3  # blank, a, b; the end is the 41st symbol and never on a path
    logits = torch.full((1, frames, len(SYMBOLS)), -1e4)
    logits[0, :, :symbols] = torch.randn(frames, symbols)
    log = logits.log_softmax(-1)
    paths = {
        p: sum(float(log[0, t, s]) for t, s in enumerate(p)) for p in itertools.product(range(symbols), repeat=frames)
    }

    def total(keep) -> float:
        chosen = [math.exp(v) for p, v in paths.items() if keep(said(p))]
        return math.log(sum(chosen)) if chosen else -1e30

    for text in ((1,), (1, 1), (1, 2), (2, 1, 2), (1, 1, 2)):
        scorer = PrefixScorer(log.clone(), torch.tensor([frames]), 1)
        last = torch.tensor([END])
        for place, symbol in enumerate(text):
            scores, spoken, paused = scorer.extend(last)
            prefix = text[: place + 1]
            assert float(scores[0, symbol]) == pytest.approx(total(lambda t, p=prefix: t[: len(p)] == p), abs=1e-4)
            assert float(scores[0, END]) == pytest.approx(total(lambda t, p=prefix[:-1]: t == p), abs=1e-4)
            last = torch.tensor([symbol])
            scorer.choose(torch.tensor([0]), last, spoken, paused)
        assert float(scorer.extend(last)[0][0, END]) == pytest.approx(total(lambda t, p=text: t == p), abs=1e-4)


def test_beam_search_finds_the_best_text_of_a_toy_problem() -> None:
    class Toy(torch.nn.Module):
        """A network whose output does not depend on the memory's values: tables of log-probabilities."""

        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(5)
            self.table = torch.full((len(SYMBOLS), len(SYMBOLS)), -20.0)
            self.table[:, [3, 4, END]] = torch.randn(len(SYMBOLS), 3) * 1.5
            self.frames = torch.full((6, len(SYMBOLS)), -20.0)
            self.frames[:, [BLANK, 3, 4]] = torch.randn(6, 3) * 1.5

        @property
        def decoder(self):
            return self

        def begin(self, memory, mask, width):
            return self

        def read(self, last):
            return self.table[last]

        def choose(self, texts):
            pass

        def ctc(self, memory):
            return self.frames.expand(len(memory), -1, -1)[:, : memory.shape[1]]

    toy = Toy()
    log = toy.frames.log_softmax(-1)
    paths = [
        (said(p), sum(float(log[t, s]) for t, s in enumerate(p))) for p in itertools.product((BLANK, 3, 4), repeat=6)
    ]
    table = toy.table.log_softmax(-1)
    for weight in (0.0, 0.3, 0.7):
        best, score = (), -1e9
        for length in range(6):
            for text in itertools.product((3, 4), repeat=length):
                chain = (END, *text, END)
                attention = sum(float(table[a, b]) for a, b in itertools.pairwise(chain))
                aligned = [math.exp(v) for t, v in paths if t == text]
                ctc = math.log(sum(aligned)) if aligned else -1e30
                whole = (1 - weight) * attention + weight * (ctc if weight else 0.0)
                if whole > score:
                    best, score = text, whole
        memory, lengths = torch.zeros(2, 6, 4), torch.tensor([6, 6])
        found = beam_search(toy, memory, lengths, Beam(width=30, ctc=weight))  # type: ignore[arg-type]
        assert [tuple(f) for f in found] == [best, best], weight


def test_symbol_by_symbol_the_decoder_says_what_it_says_of_the_whole_text() -> None:
    torch.manual_seed(2)
    decoder = build("audio", dataclasses.replace(TINY, layers=2)).decoder.eval()
    memory, mask = torch.randn(2, 9, 16), length_mask(torch.tensor([9, 6]), 9)
    texts = torch.randint(0, len(SYMBOLS), (6, 5))  # three of each utterance
    order = torch.tensor([2, 0, 0, 5, 3, 4])
    with torch.inference_mode():
        whole = decoder(texts, memory.repeat_interleave(3, dim=0), mask.repeat_interleave(3, dim=0))
        growing = decoder.begin(memory, mask, 3)
        for place in range(3):
            assert torch.allclose(growing.read(texts[:, place]), whole[:, place], atol=1e-5)
        growing.choose(order)
        assert torch.allclose(growing.read(texts[order, 3]), whole[order, 3], atol=1e-5)


def test_batches_decode_as_single_utterances_do() -> None:
    torch.manual_seed(3)
    network = build("audio", TINY).eval()
    memory, lengths = torch.randn(3, 14, 16), torch.tensor([14, 9, 11])
    with torch.inference_mode():
        together = beam_search(network, memory, lengths, Beam(width=4))
        alone = [
            beam_search(network, memory[i : i + 1, :n], lengths[i : i + 1], Beam(4))[0] for i, n in enumerate(lengths)
        ]
    assert together == alone
    assert all(len(text) <= int(n) for text, n in zip(together, lengths, strict=True))


def test_greedy_takes_repeats_and_blanks_out() -> None:
    path = torch.tensor([[BLANK, 5, 5, BLANK, 5, 6, 6, BLANK, 7, 7]])
    log = torch.nn.functional.one_hot(path, len(SYMBOLS)).float()
    assert greedy_ctc(log, torch.tensor([8])) == [[5, 5, 6]]


def test_text_and_symbols() -> None:
    assert len(SYMBOLS) == 41
    assert decode_text(encode_text("it's  2 late\u00e9")) == "IT'S 2 LATE"


def test_the_language_model_is_a_distribution_that_learnt_its_texts() -> None:
    model = CharacterNgram(["BIN BLUE", "BIN RED"], order=4)
    prefixes = torch.tensor([[END, *encode_text("BIN")], [END, *encode_text("QQQ")]])
    log = model.next(prefixes)
    assert log.exp().sum(-1).tolist() == pytest.approx([1.0, 1.0], abs=1e-5)
    assert log[0].argmax() == SYMBOLS.index(" ")
    assert log[0, SYMBOLS.index(" ")] > log[1, SYMBOLS.index(" ")]
    assert log[:, BLANK].max() < -1e29
    with pytest.raises(CommandError, match="cannot be read"):
        CharacterNgram.of_file(__import__("pathlib").Path("absent.txt"))


def test_mouths_stay_put_while_the_head_turns_and_moves() -> None:
    rng = np.random.default_rng(0)
    face = rng.uniform(40, 100, (68, 2))
    face[list(inputs.STABLE)] = inputs.CANONICAL * 0.5
    face[48:68] = np.array([65.0, 78.0]) + rng.uniform(-6, 6, (20, 2))
    face[[48, 54]] = inputs.CANONICAL[[6, 7]] * 0.5
    y, x = np.mgrid[:160, :160]
    still, moving = [], []
    for t in range(20):
        angle, shift = 0.3 * t / 20, np.array([1.0 * t, 0.5 * t])
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        marks = face @ turn.T + shift
        centre = marks[48:68].mean(axis=0)
        moving.append(marks)
        blob = 255 * np.exp(-(((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / 50))
        still.append(np.repeat(blob[..., None], 3, axis=2))
    crops = inputs.mouth_crops(np.array(still).astype(np.uint8), np.array(moving), 32)
    assert crops.shape == (20, 32, 32)
    spread = np.abs(crops.astype(int) - crops[10].astype(int)).max(axis=(1, 2))
    assert spread.max() < 40  # of 255, although the mouth went 20 pixels to the right
    assert crops[:, 15:17, 15:17].min() > 180
    with pytest.raises(ClipError, match="landmarks for 19"):
        inputs.mouth_crops(np.array(still).astype(np.uint8), np.array(moving)[:19], 32)


def examples(count: int = 12) -> list[Example]:
    rng = np.random.default_rng(0)
    made = []
    for i in range(count):
        words = (Word("BIN", 0.1, 0.4), Word("RED" if i % 2 else "BLUE", 0.4, 0.8), Word("NOW", 0.8, 1.1))
        speech = (2000 * rng.standard_normal(32 * 640)).astype(np.int16)
        mouths = rng.integers(0, 256, (32, 24, 24)).astype(np.uint8)
        made.append(Example(mouths, speech, " ".join(w.text for w in words), words))
    return made


@pytest.fixture
def killed_after_an_epoch(monkeypatch):
    """Let every training die right after its state of the first epoch is on disk."""
    original = training._keep

    def kill(*arguments, **named):
        original(*arguments, **named)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "_keep", kill)
    return lambda: monkeypatch.setattr(training, "_keep", original)


def test_training_is_repeatable_and_resumes_after_a_kill(tmp_path, killed_after_an_epoch) -> None:
    torch.set_num_threads(1)
    plan = training.Plan(epochs=2, batch=4, rate=3e-3)
    with pytest.raises(KeyboardInterrupt):
        training.train_stage(examples(), tmp_path / "killed", TINY, "audio", plan)
    killed_after_an_epoch()
    training.train_stage(examples(), tmp_path / "killed", TINY, "audio", plan, resume=True)
    for name in ("once", "again"):
        training.train_stage(examples(), tmp_path / name, TINY, "audio", plan)
    killed, once, again = (
        (tmp_path / n / "audio" / "audio.safetensors").read_bytes() for n in ("killed", "once", "again")
    )
    assert once == again == killed
    with pytest.raises(CommandError, match="--resume"):
        training.train_stage(examples(), tmp_path / "once", TINY, "audio", plan)


def test_training_on_stored_views_resumes_after_a_kill(tmp_path, killed_after_an_epoch) -> None:
    torch.set_num_threads(1)
    plan = training.Plan(epochs=2, batch=4, warp=0.1)
    for folder in ("killed", "once"):
        for stream in ("audio", "video"):
            torch.manual_seed(0)
            (tmp_path / folder / stream).mkdir(parents=True)
            training.save_network(build(stream, TINY), tmp_path / folder / stream / f"{stream}.safetensors")
    with pytest.raises(KeyboardInterrupt):
        training.train_stage(examples(), tmp_path / "killed", TINY, "fusion", plan)
    killed_after_an_epoch()
    training.train_stage(examples(), tmp_path / "killed", TINY, "fusion", plan, resume=True)
    training.train_stage(examples(), tmp_path / "once", TINY, "fusion", plan)
    for name in ARCHITECTURES:
        killed, once = ((tmp_path / n / "fusion" / f"{name}.safetensors").read_bytes() for n in ("killed", "once"))
        assert killed == once, name


def test_all_stages_give_networks_that_answer(tmp_path) -> None:
    plan = training.Plan(epochs=1, batch=4)
    with pytest.raises(CommandError, match="train the stages before this one first"):
        training.train_stage(examples(), tmp_path, TINY, "fusion", plan)
    for stage in ("audio", "video", "fusion"):
        training.train_stage(examples(), tmp_path, TINY, stage, plan)
    for name in ARCHITECTURES:
        network = systems.load(tmp_path / "fusion" / f"{name}.safetensors")
        assert network.architecture == name
        for stream in {"audio": ("audio",), "video": ("visual",)}.get(name, ("audio", "visual")):
            first = systems.load(
                tmp_path / stream.replace("visual", "video") / f"{stream.replace('visual', 'video')}.safetensors"
            )
            kept, now = (n.state_dict() for n in (first, network))
            # The front end stayed as it was, its running means too; what is above it did not.
            for key in (k for k in kept if k.startswith(f"{stream}.")):
                assert torch.equal(kept[key], now[key]), (name, key)
            assert not torch.equal(first.ctc.weight, network.ctc.weight)
        memory, traces = network(torch.randn(1, 25, 20, 20), torch.randn(1, 25 * 640), torch.tensor([25]))
        assert memory.shape == (1, 25, 16)
        assert ("reliability_video" in traces) == (name == "relscore")


def test_a_batch_holds_pieces_of_like_length_and_an_epoch_every_clip() -> None:
    made = examples(24)
    plan = training.Plan(epochs=1, batch=4, cut=0.5, warp=0.2)
    batches = training._batches(made, 0, plan, np.random.default_rng(0))
    assert sorted(p.clip for batch in batches for p in batch) == list(range(24))
    pieces = [p for batch in batches for p in batch]
    assert {p.text for p in pieces} > {"BIN RED NOW", "BIN BLUE NOW"}  # some are whole, some cut
    for piece in pieces:
        assert piece.text in made[piece.clip].text
        assert (np.diff(piece.frames) >= 0).all()
        assert 0 <= piece.frames[0] < piece.frames[-1] < 32
        # Said up to a fifth faster or slower.
        assert len(piece.frames) == pytest.approx(1 + np.ptp(piece.frames), rel=0.2, abs=1)
    spread = np.mean([np.ptp([len(p.frames) for p in batch]) for batch in batches])
    assert spread < np.ptp([len(p.frames) for p in pieces]) / 2


def test_an_epoch_sees_a_share_of_the_further_clips_another_each_time() -> None:
    made, plan = examples(28), training.Plan(epochs=1, batch=4, also=0.5)
    epochs = [training._batches(made, 8, plan, np.random.default_rng(seed)) for seed in (0, 1)]
    first, second = ({p.clip for batch in epoch for p in batch} for epoch in epochs)
    assert [len(batch) for batch in epochs[0]] == [4] * 6
    assert set(range(20)) <= first & second
    assert len(first) == len(second) == 24
    assert first != second


def test_views_hold_the_clip_as_it_is_and_corrupted_and_are_made_once(tmp_path) -> None:
    made = examples(3)
    torch.manual_seed(0)
    front = build("audio", TINY).audio
    asked = []

    def seen(example, rng):
        asked.append(rng is None)
        wave = example.wave() if rng is None else example.wave() * rng.uniform(2.0, 3.0)
        return wave.astype(np.float32)

    def made_views(seed=0):
        return store_views(front, TINY.features, made, seen, tmp_path / "audio", 3, seed, "cpu")

    plain, loud, louder = (np.asarray(v, dtype=np.float32) for v in made_views())
    assert asked == [True] * 3 + [False] * 6
    with torch.inference_mode():
        expected = front(torch.from_numpy(made[1].wave())[None])[0].numpy()
    assert plain[32:64] == pytest.approx(expected, abs=0.05 * float(expected.std()))  # made in bfloat16
    assert not np.array_equal(loud, louder)
    made_views()
    assert len(asked) == 9  # read back
    made_views(seed=1)
    assert len(asked) == 18
    front.stem[0].weight.data *= 2.0
    made_views()
    assert len(asked) == 27  # another front end sees anew


def test_the_look_at_views_blanks_and_warps(tmp_path) -> None:
    view = np.repeat(np.arange(1, 41, dtype=np.float16)[:, None], 8, axis=1)
    look = training.from_views([[view], [view * 2]], np.array([0, 10, 40]), "cpu")
    pieces = [training.Piece(1, np.arange(0, 20), "A"), training.Piece(0, np.array([0, 0, 1, 2]), "B")]
    visual, audio, lengths = look(pieces, np.random.default_rng(0))
    assert visual is not None
    assert audio is not None
    assert lengths.tolist() == [20, 4]
    assert visual.shape == audio.shape == (2, 20, 8)
    heard = audio[0].mean(dim=1)
    blank = audio[0] == 0
    assert torch.equal(blank.all(dim=1), blank.any(dim=1))
    assert blank.all(dim=1).sum() <= 5
    assert heard[~blank.all(dim=1)].numpy() == pytest.approx(
        2.0 * np.arange(11, 31)[~blank.all(dim=1).numpy()], abs=3 * 0.1 * 2 * 12 / 8**0.5
    )
    assert (visual[1, 4:] == 0).all()


def test_the_recipe_prepares_real_clips_once_and_trains_on_them(shared, tmp_path) -> None:
    from syncbench.datasets.lrs2 import LRS2

    clips = LRS2.clips(shared / "data" / "lrs2-grid", "train", 8)
    silent = dataclasses.replace(clips[0], id="s1/silent", transcript=None)
    folder = training.recipe([*clips, silent], tmp_path, stage="audio", steps=1)
    assert systems.load(folder / "audio" / "audio.safetensors").architecture == "audio"
    assert (tmp_path / "prepared" / "left_out.txt").read_text() == "s1/silent: has no transcript\n"
    corpus = load(tmp_path / "prepared")
    assert len(corpus) == 8
    example = corpus[3]
    assert example.text == clips[3].transcript
    assert [w.text for w in example.words] == example.text.split()
    assert np.abs(example.wave() - clips[3].speech(example.frames)).max() < 1e-4
    assert example.mouths.shape == (75, EMBEDDED.stored, EMBEDDED.stored)
    with pytest.raises(CommandError, match="one recogniser at a time"):
        training.recipe(clips, tmp_path, preset="paper")
    with pytest.raises(CommandError, match="did you mean fusion"):
        training.recipe(clips, tmp_path, stage="fuson")


def test_every_stage_of_the_recipe_runs_on_real_clips_of_two_data_sets(shared, tmp_path) -> None:
    from syncbench.datasets.lrs2 import LRS2

    real, other = shared / "data" / "lrs2-grid", tmp_path / "other"
    names = [line.split()[0] for line in (real / "val.txt").read_text().splitlines()[:4]]
    for name in names:
        for suffix in (".mp4", ".txt"):
            link = other / "mvlrs_v1" / "main" / (name + suffix)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(real / "mvlrs_v1" / "main" / (name + suffix))
    (other / "train.txt").write_text("".join(f"{name}\n" for name in names))
    (other / "landmarks68.npz").symlink_to(real / "landmarks68.npz")
    clips = LRS2.clips(real, "train", 8)
    folder = training.recipe(clips, tmp_path / "out", steps=1, also=f"lrs2:{other}")
    assert len(load(folder / "prepared")) == 8
    assert len(load(folder / "prepared-also")) == 4
    for name in ARCHITECTURES:
        network = systems.load(folder / "fusion" / f"{name}.safetensors")
        assert network.architecture == name
        assert all(bool(p.isfinite().all()) for p in network.parameters())
    weights = str(folder / "fusion" / "relscore.safetensors")
    answer = systems.relscore(Setup(options={"weights": weights, "decode": "greedy"})).answer(clips[0])
    assert answer.text is not None
    assert answer.traces["reliability_video"].shape == (75,)


def test_word_labels_name_the_word_at_each_frames_middle() -> None:
    labels = training.word_labels([Word("red", 0.10, 0.20), Word("odd", 0.2, 0.28)], 8, {"RED": 3})
    assert labels.tolist() == [0, 0, 0, 3, 3, -1, -1, 0]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"weights": "absent.safetensors"}, Unavailable, "no weights at absent.safetensors"),
        ({"beem": "3"}, CommandError, "did you mean beam"),
    ],
)
def test_bad_options_are_one_clear_line(options, error, words) -> None:
    with pytest.raises(error, match=words):
        systems.audio(Setup(options=options))


@pytest.mark.parametrize(
    ("factory", "bound"),
    [
        (systems.audio, 0.2),
        (systems.video, 0.4),
        (systems.audio_visual, 0.2),
        (systems.vcafe, 0.2),
        (systems.relscore, 0.2),
    ],
)
def test_bundled_weights_recognise_real_clips(shared, factory, bound) -> None:
    from syncbench.datasets.lrs2 import LRS2
    from syncbench.significance import align_words

    clips = LRS2.clips(shared / "data" / "lrs2-grid", "test", 6)
    system = factory(Setup(options={"beam": "4"}))
    errors = words = 0
    for clip in clips:
        answer = system.answer(clip)
        errors += sum(letter != "C" for letter in align_words(clip.transcript.split(), answer.text.split()))
        words += len(clip.transcript.split())
        for trace in answer.traces.values():
            assert trace.shape == (len(clip.frames()),)
            assert 0 <= trace.min() <= trace.max() <= 1
    assert errors / words < bound


def test_embedded_weights_are_small() -> None:
    for architecture in ARCHITECTURES:
        assert 2 * parameters(build(architecture, EMBEDDED)) < 15e6
    assert length_mask(torch.tensor([2, 0]), 3).tolist() == [[True, True, False], [False] * 3]
