"""Files that name other files: refused before ffmpeg sees them, and again by ffmpeg's own guard."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from spotscribe_audio.audio import media
from spotscribe_audio.audio.decode import decode
from spotscribe_common.errors import BadAudioError, ServiceError, UnsupportedMediaError
from spotscribe_testing.media import tone


class Neighbour:
    """An HTTP server on loopback and a file outside: neither may ever be touched."""

    def __init__(self, url: str, secret: Path) -> None:
        self.url = url
        self.secret = secret
        self.requests: list[str] = []


@pytest.fixture
def neighbour(tmp_path: Path) -> Iterator[Neighbour]:
    secret = tone(tmp_path / "secret.wav", 3)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.requests.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(secret.read_bytes())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Neighbour(f"http://127.0.0.1:{server.server_port}", secret)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


PLAYLISTS = {
    "hls-http": "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{url}/a.ts\n#EXT-X-ENDLIST\n",
    "hls-file": "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://{secret}\n#EXT-X-ENDLIST\n",
    "hls-after-blank-lines": "\n\n  #EXTM3U\n#EXTINF:3,\n{url}/a.ts\n",
    "hls-after-a-byte-order-mark": "\ufeff#EXTM3U\n#EXTINF:3,\n{url}/a.ts\n",
    "concat": "ffconcat version 1.0\nfile '{secret}'\n",
    "concat-http": "ffconcat version 1.0\nfile '{url}/a.wav'\n",
    "concat-without-a-header": "# my files\nfile '{secret}'\nfile '{secret}'\n",
    "dash": '<?xml version="1.0"?>\n<MPD mediaPresentationDuration="PT3S"><BaseURL>{url}/</BaseURL></MPD>',
    "sdp": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=audio 5004 RTP/AVP 0\r\n",
    "pls": "[playlist]\nFile1={url}/a.mp3\nNumberOfEntries=1\n",
    "asx": '<asx version="3.0"><entry><ref href="{url}/a.wma"/></entry></asx>',
    "smil": '<smil><body><audio src="{url}/a.mp3"/></body></smil>',
}


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("name", ["list.m3u8", "renamed.mp3"])
async def test_a_playlist_is_refused_and_touches_nothing(
    kind: str, name: str, tmp_path: Path, neighbour: Neighbour
) -> None:
    path = tmp_path / name
    path.write_text(PLAYLISTS[kind].format(url=neighbour.url, secret=neighbour.secret))
    with path.open("rb") as file, pytest.raises(UnsupportedMediaError, match="playlist"):
        await decode(file, max_seconds=60, scratch=tmp_path)
    assert neighbour.requests == []


@pytest.mark.parametrize("kind", PLAYLISTS)
async def test_the_guard_of_ffmpeg_alone_would_do(
    kind: str, tmp_path: Path, neighbour: Neighbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look is taken away, as if a playlist had been found that it does not know."""
    monkeypatch.setattr(media, "refuse_playlists", lambda _: None)
    path = tmp_path / "list.m3u8"
    path.write_text(PLAYLISTS[kind].format(url=neighbour.url, secret=neighbour.secret))
    with path.open("rb") as file, pytest.raises(ServiceError) as raised:
        await decode(file, max_seconds=60, scratch=tmp_path)
    assert isinstance(raised.value, UnsupportedMediaError | BadAudioError)
    assert neighbour.requests == []


async def test_without_any_guard_the_neighbour_would_be_reached(tmp_path: Path, neighbour: Neighbour) -> None:
    """Shows that the tests above can fail."""
    path = tmp_path / "list.m3u8"
    path.write_text(PLAYLISTS["hls-http"].format(url=neighbour.url, secret=neighbour.secret))
    open_to_all = ["ffprobe", "-v", "error", "-protocol_whitelist", "file,http,tcp", str(path)]
    await media.run_bounded(open_to_all, media._PROBE_BOUNDS)
    assert neighbour.requests == ["/a.ts"]
