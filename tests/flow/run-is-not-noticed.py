#!/usr/bin/python3
# A command under `emit run` finds the world as it would without emit: argv,
# standard streams, environment, working directory, signal mask and dispositions;
# and its exit status reaches the caller.
# SPDX-License-Identifier: Apache-2.0
import os
import resource
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from tap import EMIT, check, check_equal, end

RUN = [EMIT, "run", "--meters", "none", "--no-outbox", "--quiet", "--"]


def run(*command, **more):
    more.setdefault("stdout", subprocess.PIPE)
    more.setdefault("stderr", subprocess.PIPE)
    return subprocess.run(RUN + list(command), **more)


def exit_statuses(folder):
    script = os.path.join(folder, "no-interpreter")
    with open(script, "w") as out:
        out.write("#!/no/such/interpreter\n")
    os.chmod(script, 0o755)
    no_header = os.path.join(folder, "no-header")
    with open(no_header, "w") as out:
        out.write("exit 5\n")
    os.chmod(no_header, 0o755)
    plain = os.path.join(folder, "plain")
    open(plain, "w").close()
    for command, status, what in [
        (["true"], 0, "true"),
        (["sh", "-c", "exit 7"], 7, "exit 7"),
        (["sh", "-c", "exit 255"], 255, "exit 255"),
        (["sh", "-c", "kill -KILL $$"], 137, "killed by KILL"),
        (["sh", "-c", "kill -TERM $$"], 143, "killed by TERM"),
        (["sh", "-c", "kill -SEGV $$"], 139, "killed by SEGV"),
        (["emit-no-such-command"], 127, "not in PATH"),
        ([folder + "/missing"], 127, "no such file"),
        ([""], 127, "an empty name"),
        ([plain], 126, "not executable"),
        ([folder], 126, "a folder"),
        ([script], 126, "an interpreter that is missing"),
        ([no_header], 5, "a script without #! runs as execvp runs it"),
    ]:
        got = run(*command)
        check_equal(got.returncode, status, f"exit status {status}: {what}")
        if status in (126, 127):
            check_equal(got.stderr.count(b"\n"), 1, f"one sentence says why: {what}")
    for words, what in [
        (["run"], "no command"),
        (["run", "--"], "nothing behind --"),
        (["run", "--no-such-option", "--", "true"], "an unknown option"),
        (["run", "--orphan-timeout", "soon", "--", "true"], "a malformed value"),
        (["run", "--orphan-timeout"], "a missing value"),
    ]:
        got = subprocess.run([EMIT] + words, capture_output=True)
        check_equal((got.returncode, got.stdout), (125, b""), f"usage error is 125: {what}")
        check(got.stderr.startswith(b"emit run: "), f"and says so: {what}")


def arguments_and_environment(folder):
    odd = [b"", b" ", b"a\nb", b"\xff\xfe\x80", b"$(touch x)", b"--meters", b"'\"\\", b"*", b"-"]
    show = "import os, sys; os.write(1, b'\\0'.join(os.fsencode(a) for a in sys.argv[1:]))"
    got = run(sys.executable, "-c", show, *odd)
    check_equal(got.stdout.split(b"\0"), odd, "argv arrives byte for byte")

    show = "import os; os.write(1, b'\\0'.join(k + b'=' + v for k, v in sorted(os.environb.items())))"
    environment = {b"PATH": os.environb[b"PATH"], b"ODD": b"\xff\n=x", b"EMPTY": b""}
    got = run(sys.executable, "-c", show, env=environment)
    seen = dict(entry.split(b"=", 1) for entry in got.stdout.split(b"\0"))
    seen.pop(b"LC_CTYPE", None)  # Python's own doing
    check(seen.pop(b"EMIT_RUN_ID", None) is not None, "EMIT_RUN_ID is set")
    check_equal(seen, environment, "the rest of the environment is as it was")
    environment[b"EMIT_RUN_ID"] = b"run_outer"
    got = run("sh", "-c", "echo $EMIT_RUN_ID", env=environment)
    check_equal(got.stdout, b"run_outer\n", "an EMIT_RUN_ID that is there is kept")
    got = subprocess.run([EMIT, "run", "--run-id", "mine", "--meters", "none", "--no-outbox", "-q",
                          "--", "env"], env=environment, capture_output=True)
    check_equal([line for line in got.stdout.split(b"\n") if line.startswith(b"EMIT")],
                [b"EMIT_RUN_ID=mine"], "--run-id takes its place, once")

    got = run("pwd", cwd=folder)
    check_equal(got.stdout.strip(), os.fsencode(os.path.realpath(folder)), "the working directory")


def standard_streams(folder):
    data = bytes(range(256)) * 4096
    got = run("cat", input=data)
    check(got.stdout == data and got.stderr == b"", "a megabyte of binary passes from pipe to pipe")
    show = "ls -l /proc/self/fd | sed -n 's/.* \\([0-9]*\\) -> .*/\\1/p' | tr '\\n' ' '"
    plain = subprocess.run(["sh", "-c", show], capture_output=True).stdout
    check_equal(run("sh", "-c", show).stdout, plain, "no descriptor of emit's is open in the command")
    with open(os.devnull, "rb") as given:
        number = given.fileno()
        check_equal(run("test", "-e", f"/proc/self/fd/{number}", pass_fds=[number]).returncode, 0, "and one that emit was given is")
    closed = "s=; for f in 0 1 2; do [ -e /proc/self/fd/$f ] && s=$s$f; done; echo $s >$0"
    for stream, left in [(0, "12"), (1, "02"), (2, "01")]:
        seen = os.path.join(folder, "seen")
        subprocess.run(["sh", "-c", f'exec {stream}>&-; exec "$@"', "sh"] + RUN
                       + ["sh", "-c", closed, seen])
        with open(seen) as file:
            check_equal(file.read().strip(), left, f"stream {stream}, closed before, stays closed")
    got = subprocess.run(["bash", "-c", '"$@" | head -n1; echo ${PIPESTATUS[0]}', "sh"] + RUN + ["yes"],
                         capture_output=True)
    check_equal(got.stdout, b"y\n141\n", "a reader that leaves ends the command with SIGPIPE")
    got = subprocess.run(["bash", "-c", '"$@" 2>&1 | true; echo ${PIPESTATUS[0]}', "sh"]
                         + [EMIT, "run", "--meters", "none", "--no-outbox", "--no-wait-orphans", "--",
                            "sh", "-c", "sleep 1 & sleep 0.2; exit 3"], capture_output=True)
    check_equal(got.stdout, b"3\n", "emit's own words without a reader do not change the status")


def signals_and_limits():
    show = "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status"

    def odd_signals():
        for number in (signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR1, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2, signal.SIGALRM})

    def plain_signals():
        for number in (signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR1, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)

    for prepare, what in [(odd_signals, "ignored and blocked"), (plain_signals, "default")]:
        script = ["sh", "-c", show]
        wanted = subprocess.run(script, preexec_fn=prepare, restore_signals=False, capture_output=True)
        got = run(*script, preexec_fn=prepare, restore_signals=False)
        check_equal(got.stdout, wanted.stdout, f"signals are as emit found them: {what}")
    got = run("sh", "-c", "exit 4", preexec_fn=odd_signals, restore_signals=False)
    check_equal(got.returncode, 4, "the exit status survives an ignored SIGCHLD")
    wanted = (64, 128)
    got = run("sh", "-c", "ulimit -Sn; ulimit -Hn",
              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, wanted))
    check_equal(got.stdout, b"64\n128\n", "resource limits are kept")


with tempfile.TemporaryDirectory() as scratch:
    exit_statuses(scratch)
    arguments_and_environment(scratch)
    standard_streams(scratch)
    signals_and_limits()
end()
