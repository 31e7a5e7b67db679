"""What is kept in memory."""

import threading
import time

from hounsfield.web.kept import Kept


def test_the_least_recently_used_goes_first():
    kept = Kept(len, 10)
    for key in "abc":
        kept.get(key, lambda: b"xxxx" if kept.peek("a") is None else b"xxx")
        kept.peek("a")
    assert (kept.peek("a"), kept.peek("b"), kept.peek("c")) == (b"xxxx", b"xxx", b"xxx")
    kept.peek("b")
    kept.get("d", lambda: b"xxxx")
    assert [kept.peek(key) is None for key in "abcd"] == [True, True, False, False] or kept.size <= 10


def test_one_value_is_kept_however_large_it_is():
    kept = Kept(len, 10)
    kept.get("small", lambda: b"x")
    kept.get("large", lambda: b"x" * 100)
    assert (kept.peek("small"), kept.size) == (None, 100)


def test_a_value_is_made_once_for_all_who_wait():
    kept, made = Kept(len), []

    def make():
        time.sleep(0.05)
        made.append(1)
        return b"x"

    threads = [threading.Thread(target=kept.get, args=("a", make)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


def test_what_cannot_be_made_is_tried_again():
    kept = Kept(len)

    def fail():
        raise ValueError

    for _ in range(2):
        try:
            kept.get("a", fail)
        except ValueError:
            pass
    assert kept.get("a", lambda: b"x") == b"x"
