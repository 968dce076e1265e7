"""What the headers of a file say."""

from __future__ import annotations

from syncbench import media


def test_headers_are_read(shared):
    found = media.read_headers(shared / "data/grid/s1/video/bbal6n.mpg")
    assert (found.width, found.height, found.fps) == (360, 288, 25.0)
    assert (found.sample_rate, found.channels) == (44_100, 2)
    assert media.codec(shared / "data/grid/s1/video/bbal6n.mpg") == "mpeg1video"
