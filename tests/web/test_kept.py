"""What is kept in memory."""

import threading
import time

import hounsfield as hu
from hounsfield.web.kept import Kept
from hounsfield.web.memory import most_bytes

from viewing import shown


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


def test_what_is_looked_at_now_is_not_driven_out_by_what_does_not_fit_beside_it():
    """Two volumes of more than the bound, asked in turn, were each made anew every time."""
    now = [0.0]
    kept = Kept(len, 10, lambda: now[0])
    assert kept.has_room(100)
    kept.get("a", lambda: b"x" * 20)
    now[0] = 5
    assert not kept.has_room(20)
    kept.peek("a")
    now[0] = 34
    assert not kept.has_room(20)
    now[0] = 36
    assert kept.has("a") and kept.has_room(20)  # to ask whether it is there is no use of it
    kept.get("b", lambda: b"x" * 4)
    assert kept.has_room(6) and not kept.has_room(7)


def test_volumes_may_take_a_quarter_of_what_is_free_and_1_gib_at_least(tmp_path):
    machine = tmp_path / "meminfo"
    machine.write_text("MemTotal: 64000000 kB\nMemAvailable:   33554432 kB\n")
    assert most_bytes(machine, tmp_path) == 8 * 2**30
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000\n")
    assert most_bytes(machine, tmp_path) == 8 * 2**30
    (tmp_path / "memory.max").write_text(f"{13 * 2**30}\n")
    (tmp_path / "memory.current").write_text(f"{5 * 2**30}\n")
    assert most_bytes(machine, tmp_path) == 2 * 2**30
    machine.write_text("MemAvailable: 1000 kB\n")
    assert most_bytes(machine, tmp_path / "no") == most_bytes(tmp_path / "no", tmp_path / "no") == 2**30


def test_two_volumes_larger_than_the_bound_asked_in_turn_are_assembled_once(tmp_path):
    for name in ("a", "b"):
        hu.phantom(tmp_path / name, matrix=16, slices=5 + (name == "b"))
    with shown(tmp_path) as page:
        kept, items = page.viewing.discovery.kept, list(page.viewing.discovery.items)
        kept.most = 100
        made = []
        for item in items:
            assemble = item.frames._assemble
            item.frames._assemble = lambda assemble=assemble, item=item: made.append(item) or assemble()
        for _ in range(3):
            for item, volume in zip(items, hu.read_volumes(tmp_path), strict=True):
                for frame in (1, 2):
                    assert (page.values(f"items/{item.id}/frames/{frame}") == volume.values[frame]).all()
                page.viewing.assembler.submit(lambda: None).result()
        assert made == items[:1] and kept.size <= 5 * 16 * 16 * 3
