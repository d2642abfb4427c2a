# SPDX-License-Identifier: Apache-2.0
"""emit sensors shows the power a counter really counts, once or once a second; opens nothing for writing
and no file that limits power; and prints the udev rule that is shipped."""
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = os.environ['SOURCE']
sys.path += [f'{SOURCE}/tests/support', f'{SOURCE}/tests/hosts']
from hosts import Machine  # noqa: E402
from tap import EMIT, check, check_equal, end, skip  # noqa: E402


class Counters(threading.Thread):
    """Moves counters of plain files as if they drew power; one write of fixed width tears no reader."""

    def __init__(self, watts):
        super().__init__(daemon=True)
        self.files = {os.open(path, os.O_WRONLY): power for path, power in watts.items()}
        self.running = True
        self.longest_s = 0  # for which they stood still, on a machine that is busy

    # What they may show more or less of, over so many seconds: a quarter, and what came late.
    def off(self, watts, seconds):
        return watts / 4 + watts * self.longest_s / seconds

    def run(self):
        began, before = time.monotonic(), 0
        while self.running:
            now = time.monotonic() - began
            self.longest_s, before = max(self.longest_s, now - before), now
            for file, watts in self.files.items():
                os.pwrite(file, b'%012d\n' % (100000000000 + int(now * watts * 1e6)), 0)
            time.sleep(0.002)


def check_once(root, counters):
    done = subprocess.run([EMIT, 'sensors', '--json', '--sysfs-root', root], capture_output=True, text=True, check=False)
    watts = {p['device_id']: p.get('watts') for p in json.loads(done.stdout)['points']}
    for device, wanted in (('package-0', 100), ('dram-0', 20), ('psys', 250)):
        got = watts[device]
        check(got is not None and abs(got - wanted) < counters.off(wanted, 0.1), f'{device}: {wanted} W drawn, {got} W shown')
    text = subprocess.run([EMIT, 'sensors', '--sysfs-root', root], capture_output=True, text=True, check=False).stdout
    check(re.search(r'package-0 +\d+\.\d W  moves every 1 ms', text), 'the text shows watts and the update period')


def check_watch_lines(root, counters):
    with subprocess.Popen([EMIT, 'sensors', '--watch', '--sysfs-root', root], stdout=subprocess.PIPE, text=True) as child:
        first = child.stdout.readline()
        lines = [child.stdout.readline() for _ in range(2)]
        child.send_signal(signal.SIGINT)
    check(first.startswith('emit: SIMULATED'), 'a watched tree of our own is called simulated')
    for line in lines:
        found = re.match(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ .*package-0 ([\d.]+) W', line)
        check(found and abs(float(found[1]) - 100) < counters.off(100, 1), f'a line a second: {line.strip()[:70]}')
        check('core - W' in line, 'a counter that does not move is no zero')
        check('mmio' not in line and '\033' not in line, 'without twins and without escapes')


# A GPU whose watts are integrated is sampled ten times a second, and shown once.
def check_watch_pace():
    if 'EMIT_TESTBED' not in os.environ:
        skip('watts that are integrated', 'the test bed was not built')
        return
    with tempfile.TemporaryDirectory(prefix='emit-watch-') as empty:
        command = [os.environ['EMIT_TESTBED'], 'run', '--static', '--mount', empty, 'gpu-power-only', '--', EMIT, 'sensors', '--watch']
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            came = [time.monotonic() for line, _ in zip((line for line in child.stdout if 'gpu 0' in line), range(3))]
            child.terminate()
    check(len(came) == 3 and came[2] - came[0] > 1, f'a line a second of integrated watts, too: the third {came[2] - came[0]:.1f} s after the first')


def check_watch_terminal(root):
    master, slave = pty.openpty()
    with subprocess.Popen([EMIT, 'sensors', '--watch', '--sysfs-root', root], stdout=slave,
                          env=dict(os.environ, TERM='xterm')) as child:
        os.close(slave)
        out = b''
        until = time.monotonic() + 10
        while out.count(b'package-0 ') < 2 and time.monotonic() < until:
            out += os.read(master, 65536)
        child.send_signal(signal.SIGINT)
    os.close(master)
    check(re.search(rb'\033\[\d+A', out), 'a terminal is drawn again in place')


def check_observes_only(root):
    if not shutil.which('strace'):
        skip('what is opened', 'no strace')
        return
    with tempfile.NamedTemporaryFile() as log:
        subprocess.run(['strace', '-f', '-e', 'trace=file,pwrite64', '-o', log.name, EMIT, 'sensors', '--sysfs-root', root],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        calls = log.read().decode()
    check('energy_uj' in calls, 'the counters are opened')
    check(not re.search(r'constraint_|"[^"]*enabled', calls), 'no file that limits power is opened')
    opened = [line for line in calls.splitlines() if 'open' in line and root.split('/')[-1] in line or 'powercap' in line]
    check(not re.search(r'O_WRONLY|O_RDWR|O_CREAT|O_TRUNC', '\n'.join(opened)), 'nothing is opened for writing')


def check_udev():
    def rule(group):
        done = subprocess.run([EMIT, 'sensors', '--udev', group], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    with open(f'{SOURCE}/packaging/udev/70-emit.rules', encoding='utf-8') as shipped:
        check_equal(rule('emit'), (0, shipped.read()), 'the rule that is shipped is the one that is printed')
    status, text = rule('energy-2_x')
    check(status == 0 and text.count('energy-2_x') > 3 and '0440' in text, 'another group')
    commands = [line for line in text.splitlines() if not line.startswith('#')]
    check(not any(re.search(r'0?444|[ao]\+r|[46]7\d\d', line) for line in commands), 'nothing is opened to everybody')
    for group in ('', 'a b', 'a"', 'A', '1a', '-a', 'a' * 33, 'a\nb', '$(x)', 'é'):
        status, text = rule(group)
        check(status == 2 and text == '', f'{group!r} is no group')


def main():
    with tempfile.TemporaryDirectory(prefix='emit-watts-') as scratch:
        Machine(f'{SOURCE}/tests/hosts/laptop-mmio-psys').expand(scratch)
        powercap = f'{scratch}/class/powercap'
        counters = Counters({f'{powercap}/intel-rapl:0/energy_uj': 100, f'{powercap}/intel-rapl:0:2/energy_uj': 20,
                             f'{powercap}/intel-rapl:1/energy_uj': 250})
        counters.start()
        time.sleep(0.05)
        check_once(scratch, counters)
        check_watch_pace()
        check_watch_lines(scratch, counters)
        check_watch_terminal(scratch)
        check_observes_only(scratch)
        counters.running = False
        counters.join()
    check_udev()
    end()


main()
