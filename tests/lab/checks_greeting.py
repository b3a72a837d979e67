"""The server greets clients as small as they can be, and bears those that mean no good."""

import concurrent.futures
import contextlib
import signal

import peers
from natcheck import expect_equal

PUBLIC = ("5.5.5.5", 1234)


@contextlib.contextmanager
def _mapped(scene):
    with scene.natcheck.serve("--map", PUBLIC[1]) as serving:
        serving.wait_for("mapped")
        yield serving
        expect_equal(serving.end(signal.SIGTERM)[0], 0, "exit code", serving)


def check_plain_client(scene):
    with _mapped(scene) as serving:
        expect_equal(peers.ask(scene.lab, "outside", PUBLIC), peers.ANSWER, "answer", serving)
        greeted = serving.wait_for("greeted")
        expect_equal(greeted["dialect"], "plain", "dialect", serving)
        expect_equal(greeted["peer"].split(":")[0], "9.9.0.7", "peer", serving)


def check_byte_by_byte(scene):
    chunks = [bytes([byte]) for byte in peers.QUESTION]
    with _mapped(scene) as serving:
        expect_equal(peers.ask(scene.lab, "outside", PUBLIC, chunks), peers.ANSWER, "answer",
                     serving)


def check_many_at_once(scene):
    with _mapped(scene) as serving, concurrent.futures.ThreadPoolExecutor(32) as pool:
        waiting = [pool.submit(peers.ask, scene.lab, "outside", PUBLIC) for _ in range(200)]
        for future in waiting:
            expect_equal(future.result(), peers.ANSWER, "answer", serving)


def check_garbage_disturbs_nobody(scene):
    with _mapped(scene) as serving:
        garbage = peers.ask(scene.lab, "outside", PUBLIC, (b"\x00\xff" * 512,))
        expect_equal(garbage, b"", "answer to garbage", serving)
        serving.wait_for("rejected")
        expect_equal(peers.ask(scene.lab, "outside", PUBLIC), peers.ANSWER, "answer", serving)
