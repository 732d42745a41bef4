"""A catalogue is imported whole or not at all, and its faults are named by line."""

import os
import re
import threading
import time
from pathlib import Path

import pytest

from blackbox import catalogue
from blackbox.actions import confirmed, enroll, events, eventually, every, read, register_course, seats, unique, won
from blackbox.client import Client

REAL_SECTIONS = 839
MANY = int(os.environ.get("SUGANG_IMPORT_ROWS", "10000"))


def post_csv(client, text, headers=None):
    body = text if isinstance(text, bytes) else text.encode()
    return client.post("/v1/courses/import", body, {"Content-Type": "text/csv", **(headers or {})})


def lines_of(answer):
    """The line numbers in the pointers of a 422."""
    assert (answer.status, answer.media_type) == (422, "application/problem+json"), answer
    return {int(re.match(r"/(\d+)", error["pointer"])[1]) for error in answer.json()["errors"]}


def test_a_small_catalogue_is_imported(client):
    one, two = unique("csv"), unique("csv")
    answer = post_csv(client, "id,title,capacity\n"
                              f"{one},Korean Verse,30\n{two},\"Race, Gender, and \"\"Film\"\"\",25\n")
    assert (answer.status, answer.json()) == (201, {"created": 2})
    assert read(client, f"/v1/courses/{two}")["title"] == 'Race, Gender, and "Film"'
    course = read(client, f"/v1/courses/{one}")
    assert (course["kind"], course["state"], course["price"]["amount"]) == ("lecture", "open", 0)
    assert seats(client, one)["available"] == 30


def test_optional_columns_are_taken_in_any_order(client):
    id = unique("csv")
    answer = post_csv(client, f"price,kind,capacity,meets,title,enrolled,credits,id\r\n"
                              f"5000,performance,7,TR 1005-1130,Verse,3,4,{id}\r\n")
    assert (answer.status, answer.json()) == (201, {"created": 1})
    course = read(client, f"/v1/courses/{id}")
    assert (course["kind"], course["price"], course["seats"]["capacity"]) == ("performance", won(5000), 7)
    assert course["seats"]["available"] == 7, "`enrolled` is last term's number, not ours"


def test_white_space_in_a_title_is_normalised(client):
    one, two = unique("csv"), unique("csv")
    answer = post_csv(client, f'id,title,capacity,meets\n{one},"  Korean\r\nVerse,\n\t and Prose ",3,"MWF\n1355-1450"\n'
                              f"{two},Plain,3,\n")
    assert (answer.status, answer.json()) == (201, {"created": 2}), answer
    course = read(client, f"/v1/courses/{one}")
    assert (course["title"], course["meets"]) == ("Korean Verse, and Prose", "MWF 1355-1450")
    three = unique("lecture")
    made = client.post("/v1/courses", {"id": three, "kind": "lecture", "title": "\tKorean\n Verse ", "capacity": 3})
    assert (made.status, made.json()["title"]) == (201, "Korean Verse")
    changed = client.patch(f"/v1/courses/{three}", {"title": "Korean\r\nProse"}, {"If-Match": made.header("etag")})
    assert (changed.status, changed.json()["title"]) == (200, "Korean Prose")


@pytest.mark.parametrize("title", ['"bell \x07"', '" \n\t "', '"escape\n\x1b[31m"'])
def test_a_fault_behind_rows_of_several_lines_is_named_by_its_own_line(client, title):
    answer = post_csv(client, f'id,title,capacity\n{unique("csv")},"Two\nlines",3\n{unique("csv")},{title},3\n')
    assert (answer.status, [error["pointer"] for error in answer.json()["errors"]]) == (422, ["/4/title"]), answer


def test_an_imported_course_takes_enrollments(client):
    id = unique("csv")
    post_csv(client, f"id,title,capacity,price\n{id},Verse,2,900\n")
    assert confirmed(client, id)["payment"]["amount"] == won(900)


@pytest.mark.parametrize("row", ["{id},Verse,", "{id},Verse,ten", "{id},Verse,-1", "{id},Verse,1.5", "{id},,3",
                                 "bad id,Verse,3", ",Verse,3", "{id},Verse", "{id},Verse,3,4", "{id},\"Verse,3",
                                 "{id},Verse,99999999999999999999"])
def test_a_faulty_line_refuses_the_whole_catalogue_and_is_named(client, row):
    good, bad = unique("csv"), unique("csv")
    answer = post_csv(client, f"id,title,capacity\n{good},Verse,3\n{row.format(id=bad)}\n")
    assert lines_of(answer) == {3}
    assert client.get(f"/v1/courses/{good}").status == 404


def test_every_faulty_line_is_named(client):
    ids = [unique("csv") for _ in range(5)]
    answer = post_csv(client, "id,title,capacity\n" + "".join(
        f"{id},Verse,{'x' if number % 2 else 3}\n" for number, id in enumerate(ids)))
    assert lines_of(answer) == {3, 5}


def test_an_id_that_stands_twice_is_named(client):
    id = unique("csv")
    answer = post_csv(client, f"id,title,capacity\n{id},Verse,3\n{id},Prose,3\n")
    assert lines_of(answer) == {3}
    assert client.get(f"/v1/courses/{id}").status == 404


def test_a_course_that_exists_refuses_the_whole_catalogue(client):
    old, new = unique("csv"), unique("csv")
    assert post_csv(client, f"id,title,capacity\n{old},Verse,3\n").status == 201
    answer = post_csv(client, f"id,title,capacity\n{new},Prose,3\n{old},Other,9\n")
    assert answer.status in (409, 422), answer
    assert "3" in answer.body.decode(), "the line is not named"
    assert client.get(f"/v1/courses/{new}").status == 404
    assert read(client, f"/v1/courses/{old}")["title"] == "Verse"


@pytest.mark.parametrize("text", ["", "\n", "id,title\na,b\n", "id,title,capacity,colour\na,b,1,red\n",
                                  "id,title,capacity,id\na,b,1,c\n"],
                         ids=["nothing", "an empty line", "capacity is missing", "unknown column", "column twice"])
def test_a_header_that_is_not_ours_is_refused(client, text):
    answer = post_csv(client, text)
    assert answer.status in (400, 422), answer
    if answer.status == 422:
        assert lines_of(answer) <= {1}


def test_text_that_is_not_utf_8_is_refused(client):
    id = unique("csv")
    assert post_csv(client, f"id,title,capacity\n{id},Caf\xe9,3\n".encode("latin-1")).status in (400, 422)
    assert client.get(f"/v1/courses/{id}").status == 404


def test_an_import_with_a_key_is_answered_again_byte_for_byte(client):
    text, key = f"id,title,capacity\n{unique('csv')},Verse,3\n", {"Idempotency-Key": unique("key")}
    first, second = post_csv(client, text, key), post_csv(client, text, key)
    assert (first.status, first.body) == (second.status, second.body) == (201, first.body)
    assert second.header("idempotency-replayed") == "true"


@pytest.mark.skipif(not catalogue.REAL.exists(), reason="the real catalogue is not beside the repository")
def test_the_real_catalogue_is_imported_whole(client):
    text = catalogue.REAL.read_text(encoding="utf-8")
    answer = post_csv(client, text)
    assert (answer.status, answer.json()) == (201, {"created": REAL_SECTIONS})
    position = {"Sugang-Min-Position": answer.header("sugang-position")}
    listed = {course["id"]: course for course in every(client, "/v1/courses", position)}
    rows = catalogue.rows_of(text)
    assert len(rows) == REAL_SECTIONS
    for row in rows:
        course = listed[row["id"]]
        title = " ".join(row["title"].split())
        assert (course["title"], course["seats"]["capacity"]) == (title, int(row["capacity"]))
    assert post_csv(client, text).status in (409, 422), "the same catalogue again"


def many_rows(prefix, count):
    return "id,title,capacity\n" + "".join(f"{prefix}-{number},Korean Verse of the {number}th Year,30\n"
                                           for number in range(count))


class Beside:
    """Places enrollments one after another, with the time that each took, until it is notified to stop."""

    def __init__(self, address, course):
        self.took = []
        self.answers = set()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._place, args=(address, course))

    def _place(self, address, course):
        with Client(address) as client:
            while not self._ends.is_set():
                began = time.monotonic()
                answer = enroll(client, course)
                self.took.append(time.monotonic() - began)
                self.answers.add(answer.status)

    def __enter__(self):
        self._thread.start()
        eventually(lambda: self.took)
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()


def test_others_are_served_while_many_courses_are_imported(server, client):
    course = register_course(client, kind="performance", capacity=1_000_000, price=0)
    prefix = unique("many")
    before = enroll(client, course).header("sugang-position")
    with Beside(server.listen, course) as beside:
        alone = len(beside.took)
        began = time.monotonic()
        answer = post_csv(client, many_rows(prefix, MANY))
        took = time.monotonic() - began
        during = beside.took[alone:]
    assert (answer.status, answer.json()) == (201, {"created": MANY}), answer
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    peak_mib = int(re.search(r"^VmHWM:\s+(\d+)", status, re.MULTILINE)[1]) >> 10
    print(f"{MANY} rows in {took:.2f} s, memory at most {peak_mib} MiB; {len(during)} enrollments beside it, "
          f"the longest {max(beside.took):.3f} s")
    assert beside.answers <= {201, 202}
    # Others' enrollments stand between the import's batches.
    registers = [event["type"] == "sugang.course.registered" for event in events(client, before)[0]]
    batches = sum(one and not other for one, other in zip(registers, registers[1:]))
    assert batches >= MANY // 1_000 // 2
    assert max(during) < max(1.0, took / 4)
    assert seats(client, f"{prefix}-{MANY - 1}")["available"] == 30
