"""`POST /transcribe` of the Voxtral service: pieces, shared-out words, losses, resumed runs."""

import json
from typing import Any

import httpx
import pytest

from spotscribe_audio.speech.windows import Window
from spotscribe_common.errors import OutOfMemoryError
from spotscribe_common.http import event_stream
from spotscribe_testing.media import cut_off, ffmpeg, silence, tone, tracks
from spotscribe_testing.models.scripted_voxtral import ScriptedVoxtral
from spotscribe_testing.service.answers import events, refusal
from spotscribe_testing.service.contract_schema import check
from spotscribe_testing.service.dribble import FORM, dribbling
from spotscribe_testing.service.live_server import wait_until
from spotscribe_voxtral.settings import Settings
from spotscribe_voxtral.transcription import shared_out

STREAM = {"Accept": "application/x-ndjson"}


def transcribe(url: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/transcribe", json=body, headers=headers, timeout=600)


def test_each_piece_is_a_segment_whose_words_share_its_time(
    url: str, audio: str, model: ScriptedVoxtral
) -> None:
    answer = transcribe(url, {"path": audio, "language": "en"})
    assert answer.status_code == 200, answer.text
    transcript = answer.json()
    check("Transcript", transcript)
    lengths = [seconds for seconds, _ in model.transcribed]
    assert sum(lengths) == pytest.approx(35)
    assert max(lengths) <= 30
    assert {language for _, language in model.transcribed} == {"en"}
    assert [segment["end"] - segment["start"] for segment in transcript["segments"]] == pytest.approx(lengths)
    assert transcript["segments"][0]["text"] == f"{lengths[0]:g} seconds in en"
    assert transcript["text"] == " ".join(segment["text"] for segment in transcript["segments"])
    for segment in transcript["segments"]:
        words = segment["words"]
        assert [word["word"] for word in words] == segment["text"].split()
        assert all(word["interpolated"] for word in words)
        assert (words[0]["start"], words[-1]["end"]) == (segment["start"], segment["end"])
    assert transcript["engine"] == {"name": "voxtral", "model": "scripted"}
    assert [loss["stage"] for loss in transcript["degraded"]] == ["alignment"]


def test_words_have_time_by_their_length_and_characters_are_words_where_there_are_no_spaces() -> None:
    words = shared_out("a bcd", Window(10.0, 18.0))
    assert [(word.word, word.start, word.end) for word in words] == [("a", 10.0, 12.0), ("bcd", 12.0, 18.0)]
    assert [word.word for word in shared_out("今日は OK。", Window(0.0, 1.0))] == ["今", "日", "は", "OK。"]
    assert shared_out("", Window(0.0, 1.0)) == []


def test_without_a_language_the_transcripts_is_undetermined(
    url: str, audio: str, model: ScriptedVoxtral
) -> None:
    lines = events(transcribe(url, {"path": audio}, **STREAM), "TranscribeEvent")
    assert lines[0]["language"] == lines[-1]["transcript"]["language"] == "und"
    assert {language for _, language in model.transcribed} == {None}
    model.only_language = "en"
    for asked, told in (({}, 1), ({"language": "en"}, 0)):
        losses = transcribe(url, {"path": audio, **asked}).json()["degraded"]
        assert sum("knows English only" in loss["reason"] for loss in losses) == told


def test_silence_is_not_put_to_the_model(url: str, settings: Settings, model: ScriptedVoxtral) -> None:
    silence(settings.shared_audio / "silent.wav", 70)
    lines = events(transcribe(url, {"path": "silent.wav"}, **STREAM), "TranscribeEvent")
    assert model.transcribed == []
    transcript = lines[-1]["transcript"]
    assert (transcript["segments"], transcript["text"], transcript["degraded"]) == ([], "", [])
    windows = [line for line in lines if line["type"] == "window"]
    assert windows[-1]["progress"] == 1
    assert len(windows) >= 3


def test_sound_in_which_the_model_hears_no_word_is_remarked_on(
    url: str, audio: str, model: ScriptedVoxtral, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "hears", lambda *_: "")
    transcript = transcribe(url, {"path": audio}).json()
    assert (transcript["text"], [loss["stage"] for loss in transcript["degraded"]]) == ("", ["transcript"])
    assert "35 s of the audio are not silent" in transcript["degraded"][0]["reason"]


def test_a_resumed_run_gives_what_the_whole_run_gave(url: str, audio: str) -> None:
    whole = events(transcribe(url, {"path": audio}, **STREAM), "TranscribeEvent")
    ends = [line["end"] for line in whole if line["type"] == "window"]
    segments = whole[-1]["transcript"]["segments"]
    assert len(ends) == 2
    for end in ends:
        rest = {
            "path": audio,
            "start_at": end,
            "earlier": [segment for segment in segments if segment["end"] <= end],
            "earlier_degraded": whole[-1]["transcript"]["degraded"],
        }
        assert transcribe(url, rest).json() == whole[-1]["transcript"]


def test_what_cannot_be_had_is_told(url: str, audio: str) -> None:
    body = {"path": audio, "diarize": True, "num_speakers": 2, "hotwords": "Ines", "prompt": "Dr. Hume."}
    lines = events(transcribe(url, body, **STREAM), "TranscribeEvent")
    losses = lines[-1]["transcript"]["degraded"]
    assert [loss["stage"] for loss in losses] == ["diarization", "transcript", "transcript", "alignment"]
    assert "whisper service" in losses[0]["reason"]
    assert losses[1]["reason"].startswith("hotwords")
    assert losses[2]["reason"].startswith("prompt")


def test_separate_channels_are_mixed_and_that_is_told(url: str, audio: str) -> None:
    plain = transcribe(url, {"path": audio}).json()
    found = transcribe(url, {"path": audio, "channels": "separate"}).json()
    assert found["segments"] == plain["segments"]
    assert found["degraded"][0]["stage"] == "diarization"
    assert found["degraded"][0]["reason"].startswith("channels: mixed.")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"language": "English"}, "en"),
        ({"language": "de-AT"}, "de"),
        ({"language": "auto"}, None),
        ({"languages": ["German"]}, "de"),
        ({"languages": ["en", "de"]}, None),
        ({"languages": ["auto"]}, None),
        # Whisper calls it jw.
        ({"language": "jv"}, "jv"),
        ({"language": "Javanese"}, "jv"),
        ({"language": "jw"}, "jv"),
    ],
)
def test_the_model_is_told_one_language_by_its_code_and_never_several(
    asked: dict[str, Any], told: str | None, url: str, audio: str, model: ScriptedVoxtral
) -> None:
    transcript = transcribe(url, {"path": audio, **asked}).json()
    assert {language for _, language in model.transcribed} == {told}
    lost = [loss["reason"] for loss in transcript["degraded"] if loss["stage"] == "transcript"]
    assert [reason.partition(":")[0] for reason in lost] == (
        ["languages"] if len(asked.get("languages", [])) > 1 else []
    )


def test_an_upload_gives_a_transcript(url: str, settings: Settings, audio: str) -> None:
    with (settings.shared_audio / audio).open("rb") as file:
        files = {"file": ("a.mp3", file)}
        answer = httpx.post(f"{url}/transcribe", files=files, data={"language": "de"}, timeout=600)
    assert answer.status_code == 200, answer.text
    assert answer.json()["language"] == "de"
    assert list(settings.tmpdir.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({"path": "input", "task": "translate"}, 400, "invalid_request", "task"),
        ({"path": "input", "language": "klingon"}, 400, "invalid_request", "language"),
        ({"path": "input", "languages": ["en", "klingon"]}, 400, "invalid_request", "languages"),
        ({"path": "input", "languages": ["en"], "language": "de"}, 400, "invalid_request", "languages"),
        ({"path": "input", "language": "x" * 10_000}, 400, "invalid_request", "language"),
        ({"path": "input", "start_at": 36}, 400, "invalid_request", "start_at"),
        ({"path": "../scratch"}, 403, "source_forbidden", "path"),
        ({"path": "/etc/passwd"}, 403, "source_forbidden", "path"),
        ({"path": "nothing"}, 404, "source_not_found", "path"),
        ({"path": "input", "max_seconds": 10}, 413, "audio_too_long", None),
    ],
)
def test_a_request_that_cannot_be_served_is_refused_with_its_code(
    body: dict[str, Any], status: int, code: str, param: str | None, url: str, audio: str
) -> None:
    assert refusal(transcribe(url, body, **STREAM), status, code)["param"] == param
    assert httpx.get(f"{url}/health").json()["queue"]["inside"] == 0


def test_a_playlist_is_refused(url: str, settings: Settings) -> None:
    (settings.shared_audio / "list").write_text("#EXTM3U\n#EXTINF:3,\nhttp://127.0.0.1:9/a.ts\n")
    refusal(transcribe(url, {"path": "list"}), 415, "unsupported_media_type")


def test_an_empty_line_says_again_and_again_that_the_work_goes_on(
    url: str, audio: str, model: ScriptedVoxtral, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "EMPTY_LINE_SECONDS", 0.05)
    model.go.clear()
    with httpx.stream(
        "POST", f"{url}/transcribe", json={"path": audio}, headers=STREAM, timeout=600
    ) as answer:
        lines = answer.iter_lines()
        # On a busy machine empty lines come before it, too.
        assert json.loads(next(line for line in lines if line))["type"] == "started"
        assert [next(lines) for _ in range(3)] == ["", "", ""]
        model.go.set()
        assert json.loads([line for line in lines if line][-1])["type"] == "result"


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (OutOfMemoryError("The cuda ran out of memory."), 503),
        (RuntimeError("CUDA error: out of memory"), 503),
        (RuntimeError("the patient said something"), 500),
    ],
)
def test_a_failure_of_the_engine_is_told_without_secrets_and_the_service_goes_on(
    failure: Exception, status: int, url: str, audio: str, model: ScriptedVoxtral
) -> None:
    model.transcribe_failure = failure
    error = refusal(transcribe(url, {"path": audio}), status, "internal")
    assert "patient" not in error["message"]
    lines = events(transcribe(url, {"path": audio}, **STREAM), "TranscribeEvent")
    assert lines[-1]["type"] == "error"
    assert "patient" not in json.dumps(lines)
    model.transcribe_failure = None
    assert httpx.get(f"{url}/health").status_code == 200
    assert transcribe(url, {"path": audio}).status_code == 200


def test_a_pause_is_where_the_audio_is_cut(url: str, settings: Settings, model: ScriptedVoxtral) -> None:
    quiet = "volume=enable='between(t,20,21)':volume=0"
    ffmpeg("-f", "lavfi", "-i", f"sine=frequency=440:duration=35,{quiet}", settings.shared_audio / "p.flac")
    transcribe(url, {"path": "p.flac"})
    assert 20 <= model.transcribed[0][0] <= 21


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/transcribe", FORM),
        ("/analyze", FORM),
        ("/analyze", "application/json"),
        ("/v1/chat/completions", "application/json"),
    ],
)
def test_slow_uploads_keep_nobody_out(path: str, content_type: str, url: str, audio: str) -> None:
    def receiving() -> int:
        found: int = httpx.get(f"{url}/health").json()["queue"]["receiving"]
        return found

    with dribbling(url, path, 17, content_type=content_type):
        wait_until(lambda: receiving() == 17, "all have begun")
        answer = transcribe(url, {"path": audio})
        assert answer.status_code == 200
        assert answer.headers["x-request-id"].startswith("req_")


@pytest.mark.parametrize("route", ["/transcribe", "/analyze"])
def test_an_unknown_field_of_a_form_is_refused(route: str, url: str) -> None:
    answer = httpx.post(f"{url}{route}", data={"colour[0]": "red"}, files={"file": b"x"}, timeout=30)
    error = refusal(answer, 400, "invalid_request")
    assert error["param"] == "colour[0]"
    assert "Known: file" in error["message"]


def test_the_track_and_an_early_end_are_told_also_in_a_resumed_run(url: str, settings: Settings) -> None:
    several = tracks(settings.shared_audio / "several.mkv", 2)
    found = transcribe(url, {"path": several.name, "track": 2}).json()
    assert found["track"] == {"number": 2, "count": 2}
    assert "audio" not in [loss["stage"] for loss in found["degraded"]]
    assert refusal(transcribe(url, {"path": several.name, "track": 3}), 400, "invalid_request")["param"] == (
        "track"
    )
    cut = cut_off(tone(settings.shared_audio / "a.wav", 30), 0.5)
    whole = transcribe(url, {"path": cut.name}).json()
    assert [loss["stage"] for loss in whole["degraded"]].count("audio") == 1
    body = {"path": cut.name, "start_at": 14, "earlier": whole["segments"]}
    resumed = transcribe(url, {**body, "earlier_degraded": whole["degraded"]}).json()
    assert resumed["degraded"] == whole["degraded"]
