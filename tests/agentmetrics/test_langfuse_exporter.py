"""The Langfuse exporter against a server that speaks Langfuse's API on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from agentmetrics.langfuse.api import Api
from agentmetrics.langfuse.exporter import MOST_VALUES, PATIENCE, SETTLE, WINDOW, Exporter
from demo.langfuse import KEYS, Handler, LangfuseServer, langfuse, observation, trace

START = 1_800_000_000.0 // WINDOW * WINDOW
GPT = {"environment": "production", "model": "gpt-4o"}
CALL = {**GPT, "type": "GENERATION", "level": "DEFAULT"}


@dataclass
class Watch:
    """An exporter whose clock we turn, beside the server that it reads."""

    server: LangfuseServer
    now: float = START + 10
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.exporter = self.another()

    def another(self, keys: tuple[str, str] = KEYS, timeout: float = 5) -> Exporter:
        health = {"web": f"{self.server.url}/api/public/health", "worker": f"{self.server.url}/api/health"}
        return Exporter(Api(self.server.url, *keys, timeout), health, lambda: self.now, self.lines.append)

    def poll(self, after: float = 60) -> bool:
        self.now += after
        return self.exporter.poll()

    def record(self, *events: dict[str, object]) -> None:
        self.server.events += events

    def value(self, name: str, **labels: str) -> float | None:
        """The sum of the series with these labels; None where there is none."""
        found = [
            sample.value
            for family in self.exporter.collect()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return sum(found) if found else None


@pytest.fixture(params=[1, 2])
def any_watch(request: pytest.FixtureRequest) -> Iterator[Watch]:
    with langfuse(request.param) as server:
        yield Watch(server)


@pytest.fixture
def watch() -> Iterator[Watch]:
    with langfuse(2) as server:
        yield Watch(server)


def test_both_versions_of_the_api_become_the_same_series(any_watch: Watch) -> None:
    watch = any_watch
    watch.record(observation(watch.now - 400), trace(watch.now - 400))
    assert watch.poll()
    assert watch.value("langfuse_observations_total", **CALL) == 0  # It was there before us.
    watch.record(
        observation(watch.now),
        observation(watch.now, level="ERROR", latency=500),
        trace(watch.now),
        trace(watch.now, "research"),
    )
    assert watch.poll()
    assert watch.poll()
    assert watch.value("langfuse_observations_total", **CALL) == 1
    assert watch.value("langfuse_observations_total", **{**CALL, "level": "ERROR"}) == 1
    assert watch.value("langfuse_observation_duration_seconds_total", **GPT) == 2.0
    assert watch.value("langfuse_tokens_total", **GPT, token_type="input") == 200
    assert watch.value("langfuse_tokens_total", **GPT, token_type="output") == 40
    assert watch.value("langfuse_tokens_total", **GPT, token_type="other") == 20
    assert watch.value("langfuse_cost_dollars_total") == 0.025
    assert watch.value("langfuse_traces_total", trace_name="support") == 1
    assert watch.value("langfuse_traces_total", trace_name="research") == 1
    assert watch.value("langfuse_up", component="web") == watch.value("langfuse_up", component="worker") == 1
    assert watch.value("langfuse_info", version="4.16.0") == 1
    assert watch.lines == []


def test_latency_quantiles_are_those_of_the_last_complete_window(any_watch: Watch) -> None:
    watch = any_watch
    watch.record(*(observation(START + number, latency=10 * number) for number in range(101)))
    watch.record(trace(START + 1, latency=8000))
    watch.poll(WINDOW)
    assert watch.value("langfuse_generation_latency_seconds", **GPT, quantile="0.95") == 0.95
    assert watch.value("langfuse_trace_latency_seconds", trace_name="support", quantile="0.99") == 8.0
    watch.poll(WINDOW)
    assert watch.value("langfuse_generation_latency_seconds") is None


def test_each_event_is_counted_once_however_late_and_on_whichever_edge(watch: Watch) -> None:
    watch.poll()
    for window in range(4):
        start = START + window * WINDOW
        watch.record(observation(start + WINDOW), observation(start + WINDOW - 0.001), observation(start + 150))
        watch.poll(WINDOW)
        watch.record(observation(watch.now - SETTLE + 2 * WINDOW))
        watch.poll(1)
    watch.poll(WINDOW)
    watch.poll(WINDOW)
    assert watch.value("langfuse_observations_total") == len(watch.server.events) == 16


def test_a_new_series_is_seen_with_0_first_so_that_its_first_events_count(watch: Watch) -> None:
    watch.poll()
    watch.record(observation(watch.now))
    watch.poll()
    assert watch.value("langfuse_observations_total", **CALL) == 0
    watch.record(observation(watch.now))
    watch.poll()
    assert watch.value("langfuse_observations_total", **CALL) == 2


def test_a_window_that_shrinks_and_grows_again_is_counted_once(watch: Watch) -> None:
    watch.poll()
    watch.record(observation(watch.now), observation(watch.now))
    watch.poll()
    watch.poll()
    back = watch.server.events.pop()
    watch.poll()
    assert watch.value("langfuse_observations_total", **CALL) == 2
    watch.record(back)
    watch.poll()
    assert watch.value("langfuse_observations_total", **CALL) == 2


def says(status: int, body: bytes, *headers: tuple[str, str]) -> Callable[[Handler], bool]:
    def fault(handler: Handler) -> bool:
        handler.send_response(status)
        for header in headers:
            handler.send_header(*header)
        handler.end_headers()
        handler.wfile.write(body)
        return True

    return fault


def cut_off(handler: Handler) -> bool:
    handler.send_response(200)
    handler.send_header("Content-Length", "500")
    handler.end_headers()
    handler.wfile.write(b'{"data": [')
    handler.close_connection = True
    return True


FAULTS = {
    "credentials": (says(401, b"{}"), "it answers 401: check LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY"),
    "not_found": (
        says(404, b"<html>"),
        "it has no metrics API (404): check LANGFUSE_HOST: it is the address without a path",
    ),
    "rate_limit": (says(429, b""), "it answers 429: poll less often (--interval), or raise the server's rate limit"),
    "refused": (says(400, b'{"message": "Invalid request data"}'), "it answers 400: Invalid request data"),
    "server": (says(500, b"<h1>Internal Server Error</h1>"), "it answers 500"),
    "garbage": (says(200, b"<html>Sign in</html>"), "its answer is no JSON: b'<html>Sign in</html>'"),
    "connection": (cut_off, "its answer was cut off"),
}


@pytest.mark.parametrize("reason", FAULTS)
def test_a_failure_is_one_line_and_loses_nothing(reason: str, watch: Watch) -> None:
    watch.poll()
    watch.record(observation(watch.now))
    watch.poll()
    watch.poll()
    fault, words = FAULTS[reason]
    watch.server.fault = fault
    succeeded = watch.value("langfuse_exporter_last_success_timestamp_seconds", view="observations")
    for _ in range(30):
        watch.record(observation(watch.now))
        assert not watch.poll(120)
    assert len([line for line in watch.lines if line.endswith(f": {words}")]) == 1
    assert len(watch.lines) <= 2  # A health endpoint says that it is not there in words of its own.
    assert watch.value("langfuse_exporter_failures_total", reason=reason) >= 30 * 4
    assert watch.value("langfuse_observations_total", **CALL) == 1  # What was good is still served.
    assert watch.value("langfuse_exporter_last_success_timestamp_seconds", view="observations") == succeeded
    assert watch.value("langfuse_up", component="web") == 0
    watch.server.fault = None
    assert watch.poll()
    assert watch.value("langfuse_observations_total", **CALL) == 31
    assert watch.value("langfuse_exporter_windows_lost_total") == 0
    assert watch.lines[-1] == "langfuse: answers again"


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b'{"data": {}}',
        b'{"data": [3]}',
        b'{"data": [{"environment": "x"}]}',
        b'{"data": [{"count_count": "many"}]}',
        b'{"data": [{"count_count": NaN}]}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_an_answer_of_another_shape_is_garbage(body: bytes, watch: Watch) -> None:
    watch.server.fault = says(200, body)
    assert not watch.poll()
    assert watch.value("langfuse_exporter_failures_total", reason="garbage") > 0


def test_what_could_not_be_read_for_a_day_is_given_up_and_said(watch: Watch) -> None:
    watch.poll()
    watch.server.fault = says(500, b"")
    watch.poll()
    watch.server.fault = None
    watch.poll(PATIENCE + 2 * WINDOW)
    assert watch.value("langfuse_exporter_windows_lost_total", view="observations") >= 2


def test_an_answer_that_comes_too_slowly_is_a_time_out(watch: Watch) -> None:
    def drips(handler: Handler) -> bool:
        handler.send_response(200)
        handler.end_headers()
        try:
            for _ in range(200):
                handler.wfile.write(b" ")
                handler.wfile.flush()
                threading.Event().wait(0.02)
        except OSError:
            pass
        return True

    watch.exporter = watch.another(timeout=0.1)
    watch.server.fault = drips
    assert not watch.poll()
    assert watch.value("langfuse_exporter_failures_total", reason="timeout") == 6


def test_keys_do_not_follow_a_redirect(watch: Watch) -> None:
    with langfuse(2) as elsewhere:
        asked: list[str | None] = []
        elsewhere.fault = lambda handler: asked.append(handler.headers.get("Authorization")) is None and False
        watch.server.fault = says(302, b"", ("Location", elsewhere.url + "/api/public/v2/metrics"))
        assert not watch.poll()
        assert asked == []
    assert any("set LANGFUSE_HOST to where it is" in line for line in watch.lines)


def test_an_answer_at_the_row_limit_is_read_in_parts(watch: Watch) -> None:
    watch.poll()
    watch.record(*(observation(START + WINDOW + number / 5, providedModelName=f"m{number}") for number in range(1400)))
    watch.poll(WINDOW)
    watch.poll()
    assert watch.value("langfuse_observations_total") == 1400
    assert watch.value("langfuse_exporter_windows_truncated_total", view="observations") == 0
    watch.record(*(observation(watch.now, providedModelName=f"n{number}") for number in range(1400)))
    watch.poll()
    watch.poll()
    assert watch.value("langfuse_exporter_windows_truncated_total", view="observations") >= 1


def test_values_without_end_are_counted_as_other(watch: Watch) -> None:
    watch.poll()
    watch.record(*(trace(watch.now, f"request {number}") for number in range(MOST_VALUES + 50)))
    watch.record(*(observation(watch.now, providedModelName=f"m{number}") for number in range(MOST_VALUES + 50)))
    watch.poll()
    watch.poll()
    assert watch.value("langfuse_traces_total") == MOST_VALUES + 50
    assert watch.value("langfuse_traces_total", trace_name="other") == 50
    # That traces have no model is a value, too.
    assert watch.value("langfuse_cost_dollars_total", model="other") == 0.6375


def test_a_server_that_is_upgraded_is_asked_in_its_new_version() -> None:
    with langfuse(1) as server:
        watch = Watch(server)
        watch.poll()
        server.version = 2
        watch.record(observation(watch.now))
        assert watch.poll()
        assert watch.poll()
        assert watch.value("langfuse_observations_total", **CALL) == 1


def test_health_is_told_apart_from_metrics(watch: Watch) -> None:
    watch.server.healthy = False
    assert not watch.poll()
    assert watch.value("langfuse_up", component="web") == 0
    assert watch.value("langfuse_up", component="worker") == 1
    assert watch.value("langfuse_exporter_last_success_timestamp_seconds", view="traces") == watch.now


def environment(server: LangfuseServer, **changes: str) -> dict[str, str]:
    public, secret = KEYS
    ours = {"LANGFUSE_HOST": server.url, "LANGFUSE_PUBLIC_KEY": public, "LANGFUSE_SECRET_KEY": secret}
    return {**os.environ, **ours, **changes}


COMMAND = (sys.executable, "-m", "agentmetrics.cli", "langfuse-exporter")


def test_the_command_asks_once_and_prints(watch: Watch) -> None:
    done = subprocess.run(
        [*COMMAND, "--once"], env=environment(watch.server), capture_output=True, text=True, check=True
    )
    assert 'langfuse_up{component="web"} 1.0' in done.stdout
    wrong = environment(watch.server, LANGFUSE_SECRET_KEY="wrong-secret")
    done = subprocess.run([*COMMAND, "--once"], env=wrong, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "langfuse observations: it answers 401" in done.stderr
    assert "wrong-secret" not in done.stdout + done.stderr


def test_the_command_serves_until_it_is_told_to_stop(watch: Watch) -> None:
    with subprocess.Popen(
        [*COMMAND, "--address", "127.0.0.1", "--port", "0"],
        env=environment(watch.server),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            url = process.stderr.readline().split()[1].rstrip(",")
            with urllib.request.urlopen(url, timeout=10) as response:
                assert b"# TYPE langfuse_observations_total counter" in response.read()
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"LANGFUSE_SECRET_KEY": ""}, "error: the environment lacks LANGFUSE_SECRET_KEY"),
        ({"LANGFUSE_HOST": "localhost:3000"}, "error: LANGFUSE_HOST is no address such as"),
        ({"LANGFUSE_WORKER_URL": "http://a:b@c"}, "error: LANGFUSE_WORKER_URL is no address such as"),
    ],
)
def test_a_wrong_environment_is_one_line(changes: dict[str, str], words: str, watch: Watch) -> None:
    command = [*COMMAND, "--once"]
    done = subprocess.run(
        command, env=environment(watch.server, **changes), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith(words)
    assert len(done.stderr.splitlines()) == 1


def test_a_port_in_use_is_one_line(watch: Watch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [*COMMAND, "--address", "127.0.0.1", "--port", str(port)]
        done = subprocess.run(command, env=environment(watch.server), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"error: cannot listen on 127.0.0.1:{port}: Address already in use\n"
