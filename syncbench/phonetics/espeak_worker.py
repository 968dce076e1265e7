"""Speak sentences with espeak-ng: a program of its own, standard library only, started by ``speech.py``.

espeak-ng keeps global state and does not repeat itself within a process, so each utterance is spoken in a fork of one
freshly initialised process: equal requests give equal bytes. Requests come as JSON lines on standard input; each is
answered on standard output by a JSON line (rate, samples, phones, words, error) and the samples as int16.

    python espeak_worker.py LIBRARY DATA < requests > answers
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import Any

__all__: list[str] = []

SYNCHRONOUS = 2
PHONEME_EVENTS, PHONEME_IPA, DONT_EXIT = 1, 2, 0x8000
END, WORD, END_OF_SPEECH, PHONEME = 0, 1, 6, 7
RATE, PITCH, RANGE = 1, 3, 4
UTF8 = 1


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # ms
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


def speak(library: Any, rate: int, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Return the header and the int16 samples of one request (text, voice, speed, pitch, range)."""
    samples: list[bytes] = []
    phones: list[tuple[str, int]] = []
    words: list[tuple[int, int, int]] = []  # text position, length, ms

    def heard(wave: Any, n: int, events: Any) -> int:
        if n > 0:
            samples.append(ctypes.string_at(wave, 2 * n))
        i = 0
        while events[i].type != END:
            event = events[i]
            if event.type == PHONEME:
                phones.append((event.id.string.decode("utf-8", "ignore"), event.audio_position))
            elif event.type == WORD:
                words.append((event.text_position, event.length, event.audio_position))
            i += 1
        return 0

    callback = _Callback(heard)
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(request["voice"].encode()) != 0:
        return {"error": f"espeak-ng has no voice '{request['voice']}'"}, b""
    for parameter, key in ((RATE, "speed"), (PITCH, "pitch"), (RANGE, "range")):
        library.espeak_SetParameter(parameter, int(request[key]), 0)
    text = request["text"].encode()
    code = library.espeak_Synth(text, len(text) + 1, 0, 0, 0, UTF8, None, None)
    library.espeak_Synchronize()
    if code != 0:
        return {"error": f"espeak-ng failed with code {code}"}, b""
    data = b"".join(samples)
    return {"rate": rate, "samples": len(data) // 2, "phones": phones, "words": words}, data


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte, however the pipe splits them."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def main(library_path: str, data_path: str) -> None:
    """Answer the requests on standard input, each in a fork where the system has forks."""
    library = ctypes.CDLL(library_path)
    library.espeak_Synth.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    rate = library.espeak_Initialize(SYNCHRONOUS, 0, data_path.encode(), PHONEME_EVENTS | PHONEME_IPA | DONT_EXIT)
    if rate <= 0:
        raise SystemExit(f"espeak-ng cannot be initialised with the data in {data_path}")
    library.espeak_ng_SetRandSeed(1)  # initialising seeds by the clock
    for line in sys.stdin.read().splitlines():
        child = os.fork() if hasattr(os, "fork") else 0
        if child == 0:
            header, data = speak(library, rate, json.loads(line))
            write_all(1, json.dumps(header).encode() + b"\n" + data)
            if hasattr(os, "fork"):
                os._exit(0)
        elif os.waitpid(child, 0)[1] != 0:
            raise SystemExit("espeak-ng died while speaking")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
