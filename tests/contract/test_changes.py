"""What a change of the contract breaks: beside a git revision, and beside older catalogs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from projects import Copy, MakeProject

from tocsin.contract.changes import contract_breaks
from tocsin.contract.exposition import parse_exposition
from tocsin.contract.inferred import catalog_of
from tocsin.contract.written import as_json, from_json
from tocsin.metrics import Catalog, Counter, Gauge, Histogram, Label, Metric
from tocsin.readers import Reader
from tocsin.source import Source
from tocsin.units import BYTES, MILLISECONDS, REQUESTS, SECONDS, UNKNOWN

route = Label("route", cardinality=10)
code = Label("code", values=("ok", "failed"))
took = Histogram("shop_took_seconds", "Time of a request.", labels=(route,), unit=SECONDS, buckets=(0.5, 1, 5))
asked = Counter("shop_asked_total", "Requests to the shop.", labels=(route, code), unit=REQUESTS)
memory = Gauge("shop_memory_bytes", "Memory of the shop.", unit=BYTES)
READERS = {
    name: (Reader("alert", f"On {name}", Source("alerts.py"), f'sum by (route) ({name}{{code="failed"}})'),)
    for name in ("shop_took_seconds_bucket", "shop_asked_total", "shop_memory_bytes")
}


def breaks(*now: Metric, before: Catalog | None = None, readers: dict[str, tuple[Reader, ...]] = READERS) -> list[str]:
    old = before or Catalog("shop", (took, asked, memory))
    found = contract_breaks([old], [Catalog("shop", now, (Label("namespace"),))], readers, {})
    return [f"{finding.severity}: {finding.message}" for finding in found]


def with_labels(*labels: Label) -> Counter:
    return Counter(asked.name, asked.help, labels=labels, unit=REQUESTS)


def with_buckets(*bounds: float) -> Histogram:
    return Histogram(took.name, took.help, labels=took.labels, unit=SECONDS, buckets=bounds)


def test_additions_break_nothing() -> None:
    more = Label("code", values=("ok", "failed", "refused"))
    assert breaks(with_buckets(0.1, 0.5, 1, 5, 10), with_labels(route, more, Label("zone")), memory) == []


@pytest.mark.parametrize(
    ("now", "says"),
    [
        ((took, asked), "shop_memory_bytes is gone; this breaks alert On shop_memory_bytes"),
        (
            (took, memory, Counter("shop_requests_total", asked.help, labels=asked.labels, unit=REQUESTS)),
            "shop_asked_total is gone; it seems to be called shop_requests_total now; this breaks alert",
        ),
        (
            (took, memory, Counter("shop_refunds_total", "Money back.", labels=(Label("clerk"),), unit=REQUESTS)),
            "shop_asked_total is gone; this breaks alert On shop_asked_total",
        ),
        (
            (took, memory, Gauge(asked.name, asked.help, labels=asked.labels, unit=REQUESTS)),
            "shop_asked_total was a counter and is a gauge",
        ),
        ((asked, memory, Gauge("shop_took_seconds", "", unit=SECONDS)), "was a histogram and is a gauge"),
        (
            (
                asked,
                memory,
                Histogram(took.name, took.help, labels=took.labels, unit=MILLISECONDS, buckets=took.buckets),
            ),
            "was measured in seconds and is in milliseconds",
        ),
        ((took, memory, with_labels(code)), "has no label route any more; this breaks alert On shop_asked_total"),
        (
            (took, memory, with_labels(route, Label("code", values=("ok",)))),
            "code of shop_asked_total is never 'failed'",
        ),
        ((asked, memory, with_buckets(0.5, 2, 5)), "no bucket up to 1.0 any more, and has 2.0 instead"),
        ((asked, memory, with_buckets(0.5, 1)), "no bucket up to 5.0 any more: quantiles"),
    ],
)
def test_each_change_tells_what_it_breaks(now: tuple[Metric, ...], says: str) -> None:
    (found,) = breaks(*now)
    assert found.startswith("error: ")
    assert says in found
    (unread,) = breaks(*now, readers={})
    assert unread.startswith("warning: ")
    assert unread.endswith("nothing here reads it, but others may")


def test_label_that_no_reader_names_is_a_warning() -> None:
    readers = {asked.name: (Reader("panel", "P", Source("p.py"), "sum by (routes) (shop_asked_total)"),)}
    (found,) = breaks(took, memory, with_labels(code), readers=readers)
    assert found.startswith("warning: ")


def test_older_exposition_says_only_what_it_shows() -> None:
    text = (
        "# TYPE shop_asked counter\nshop_asked_total{route='/',job='x'} 1\n# TYPE shop_idle_seconds histogram\n"
        "# TYPE shop_old gauge\nshop_old 1\n# TYPE other gauge\nother 1\n# EOF\n"
    ).replace("'", '"')
    idle = Histogram("shop_idle_seconds", "", unit=SECONDS, buckets=(1, 2))
    before = catalog_of(parse_exposition(text, "old"))
    found = breaks(asked, memory, idle, before=before)
    assert found == ["warning: shop_old is gone; nothing here reads it, but others may"]


def test_catalogs_survive_being_written() -> None:
    ratio = Gauge("shop_load", "Load.", unit=MILLISECONDS / SECONDS, minimum=0, maximum=1.5)
    seen = Metric("shop_odd", "", labels=(Label("x"),), unit=UNKNOWN, open=True)
    catalog = Catalog("shop", (took, asked, memory, ratio, seen), target_labels=(Label("job", "Job.", cardinality=3),))
    assert from_json(as_json([catalog])) == (catalog,)


CATALOG = """\
from tocsin.define import Catalog, Counter, Label
from tocsin.units import REQUESTS

print("imported")
route = Label("route", cardinality=10)
asked = Counter("shop_asked_total", "Requests.", labels=(route,), unit=REQUESTS, initialised=True)
CATALOG = Catalog("shop", (asked,))
"""
WATCH = """\
from tocsin.define import Dashboard, Indicator, Row, TimeSeries, rate, total
from shop.contract import asked, route

traffic = Indicator(total(rate(asked), by=route), title="Traffic", description="Requests a second.")
shop = Dashboard("Shop", uid="shop", rows=(Row("All", TimeSeries(traffic)),))
"""
SETTINGS = '[tool.tocsin]\ndefinitions = ["watch"]\ncatalogs = ["shop.contract:CATALOG"]\n'


@pytest.fixture
def shop(make_project: MakeProject) -> Copy:
    """A project of its own contract, in git."""
    files = {"pyproject.toml": SETTINGS, "shop/__init__.py": "", "shop/contract.py": CATALOG, "watch/shop.py": WATCH}
    made = make_project(files)
    git(made, "init", "-q")
    commit(made, "first")
    return made


def git(project: Copy, *arguments: str) -> None:
    person = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.com")
    subprocess.run(["git", *person, *arguments], cwd=project.root, check=True, capture_output=True)


def commit(project: Copy, tag: str) -> None:
    (project.root / ".gitignore").write_text("__pycache__/\n")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", tag)
    git(project, "tag", tag)


def test_rename_since_a_revision_names_the_panel_and_the_line(shop: Copy) -> None:
    shop.replace("shop/contract.py", '"shop_asked_total"', '"shop_requests_total"')
    answer = shop.tocsin("check", "--against", "first", "--format", "json")
    assert answer.returncode == 1, answer.stderr
    (finding,) = [one for one in json.loads(answer.stdout) if one["id"] == "contract-break"]
    assert finding["message"].startswith("shop_asked_total is gone; it seems to be called shop_requests_total now")
    assert "this breaks panel Shop / Traffic" in finding["message"]
    assert (finding["object"], finding["file"]) == ("shop_asked_total", "shop/contract.py")
    status = subprocess.run(["git", "status", "--porcelain"], cwd=shop.root, capture_output=True, text=True, check=True)
    assert status.stdout == " M shop/contract.py\n"


def test_nothing_is_broken_against_the_same_contract(shop: Copy) -> None:
    shop.append("shop/contract.py", "# a remark\n")
    for older in ("first", "HEAD", "shop.contract:CATALOG"):
        assert "contract-break" not in shop.tocsin("check", "--against", older).stdout


def test_line_of_a_changed_metric_is_named(shop: Copy) -> None:
    shop.replace("shop/contract.py", "labels=(route,), ", "")
    shop.replace("watch/shop.py", "total(rate(asked), by=route)", "rate(asked)")
    answer = shop.tocsin("check", "--against", "first")
    line = shop.line_of("shop/contract.py", "shop_asked_total")
    assert f"shop/contract.py:{line}: warning[contract-break] shop_asked_total: " in answer.stdout


@pytest.mark.parametrize(
    ("older", "says"),
    [
        ("nowhere", "nowhere is no git revision"),
        ("--version", "is no git revision"),
        ("empty", "at empty there was no project here"),
        ("broken", "the catalogs of broken cannot be imported: "),
        ("shop.contract:NOTHING", "has no NOTHING"),
        ("http://127.0.0.1:1/metrics", "cannot be reached"),
    ],
)
def test_what_cannot_be_compared_is_one_clear_error(older: str, says: str, shop: Copy) -> None:
    git(shop, "mv", "pyproject.toml", "elsewhere.toml")
    commit(shop, "empty")
    git(shop, "mv", "elsewhere.toml", "pyproject.toml")
    shop.append("shop/contract.py", "1 / 0\n")
    commit(shop, "broken")
    shop.replace("shop/contract.py", "1 / 0\n", "")
    answer = shop.tocsin("check", f"--against={older}")
    assert answer.returncode == 2, answer.stdout
    assert says in answer.stderr
    assert len(answer.stderr.removeprefix("imported\n").splitlines()) == 2


def test_project_outside_git_is_told(
    make_project: MakeProject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    answer = make_project({}).tocsin("check", "--against", "main")
    assert answer.returncode == 2
    assert "git" in answer.stderr
