# SPDX-License-Identifier: Apache-2.0
"""With the file capability emit reads counters that its caller may not, and that is all it can: the right is gone
before an argument is looked at, what was opened cannot be taken out of it, and nothing is finer than a second.

Runs in a mount namespace of its own, in which a machine of tests/hosts lies over /sys, as root; emit runs as nobody."""
import ctypes
import json
import os
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

NOBODY = {'user': 65534, 'group': 65534, 'extra_groups': []}
# Leaks are looked for by tracing, which an undumpable process does not allow.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS='detect_leaks=0', HOME='/nonexistent')


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False, env=dict(ENVIRONMENT, **more), **NOBODY)


def status_of(pid):
    with open(f'/proc/{pid}/status', encoding='utf-8') as status:
        return dict(line.rstrip('\n').split(':\t', 1) for line in status if ':\t' in line)


def open_files(pid):
    paths = []
    for file in os.listdir(f'/proc/{pid}/fd'):
        try:
            paths.append(os.readlink(f'/proc/{pid}/fd/{file}'))
        except FileNotFoundError:
            pass  # closed since it was listed
    return paths


def counters_of(pid):
    return sum(path.endswith('/energy_uj') for path in open_files(pid))


def started(*words):
    """Starts emit run with a command that says when it lives; yields emit's and the command's process."""
    child = subprocess.Popen(words + ('sh', '-c', 'echo lives $$; exec sleep 30'), stdout=subprocess.PIPE, text=True,
                             stderr=subprocess.DEVNULL, env=ENVIRONMENT, **NOBODY)
    return child, int(child.stdout.readline().split()[1])


def stop(child):
    child.send_signal(signal.SIGTERM)
    child.communicate()


def check_rights_of(emit, what):
    """Nothing is left of the right, in emit or in the command."""
    child, command = started(emit, 'run', '--no-outbox', '--')
    status = status_of(child.pid)
    for name in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb'):
        check_equal(status[name].strip('0'), '', f'{what}: {name} is empty while the command runs')
    check_equal(set(status['Uid'].split()), {'65534'}, f'{what}: every user id is the caller\'s')
    check_equal(set(status['Gid'].split()), {'65534'}, f'{what}: every group id too')
    check_equal(counters_of(child.pid), 2, f'{what}: the counters are open in emit')
    check_equal(counters_of(command), 0, f'{what}: and not in the command')
    command_status = status_of(command)
    check_equal(command_status['CapPrm'].strip('0'), '', f'{what}: the command has no right')
    check_equal(command_status['NoNewPrivs'], '0', f'{what}: but could use sudo')
    stop(child)


def check_cannot_be_taken(emit):
    """The caller of emit cannot get at what emit holds."""
    child, _ = started(emit, 'run', '--no-outbox', '--')
    looked = run('ls', f'/proc/{child.pid}/fd')
    check(looked.returncode != 0, 'the caller cannot list the files emit has open')
    pidfd_open, pidfd_getfd = 434, 438
    take = ('import ctypes, os, sys\nlibc = ctypes.CDLL(None, use_errno=True)\n'
            f'held = libc.syscall({pidfd_open}, {child.pid}, 0)\n'
            f'print(max(libc.syscall({pidfd_getfd}, held, n, 0) for n in range(3, 64)))')
    taken = run('/usr/bin/python3', '-c', take)
    check_equal(taken.stdout.strip(), '-1', 'nor take one of them')
    stop(child)
    control = subprocess.Popen(['sleep', '30'], stdin=open('/dev/null', encoding='utf-8'), **NOBODY)
    taken = run('/usr/bin/python3', '-c', take.replace(str(child.pid), str(control.pid)).replace('range(3', 'range(0'))
    control.kill()
    control.wait()
    if taken.stdout.strip() == '-1':
        skip('of another process he could', 'pidfd_getfd is not possible here at all')
    else:
        check(int(taken.stdout) >= 0, 'of another process he could')


def check_seconds(emit):
    before = time.monotonic()
    done = run(emit, 'sensors', '--json')
    told = json.loads(done.stdout)
    check_equal(done.returncode, 0, 'with the right the counters can be read')
    check(told['borrowed_right'] and told['readable'] == 2, 'and it is said whose right it is')
    check(time.monotonic() - before >= 0.99, 'two samples are a second apart')
    watts = {p['device_id']: p.get('watts', 0) for p in told['points']}
    check(abs(watts['package-0'] - 100) < 20, f'100 W drawn, {watts["package-0"]} W shown')

    child = subprocess.Popen([emit, 'sensors', '--watch'], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT, **NOBODY)
    moments = []
    for line in child.stdout:
        if ' W' in line:
            moments.append(time.clock_gettime(time.CLOCK_MONOTONIC))
        if len(moments) == 3:
            break
    stop(child)
    check(all(b - a > 0.9 for a, b in zip(moments, moments[1:])), 'watched: a line a second')
    check(all(m % 1 < 0.5 for m in moments), 'at the full second, which every emit shares')


def check_runs(emit, scratch):
    """emit run, however it is asked, gives nothing finer than a second."""
    home = f'{scratch}/home'
    os.mkdir(home)
    os.chmod(home, 0o777)
    trace, report = f'{home}/trace.csv', f'{home}/report.json'
    done = run(emit, 'run', '--interval', '1ms', '--no-outbox', '--trace', trace, '--report', report, '--', 'sleep', '3.3',
               XDG_STATE_HOME=home)
    check_equal(done.returncode, 0, 'a run of 3.3 seconds, with --interval 1ms')
    with open(trace, encoding='utf-8') as text:
        rows = [line.split(',') for line in text.read().splitlines()[1:]]
    times = [float(row[0]) for row in rows if row[2] == 'package-0']
    check(len(times) >= 3, f'its curve has {len(times)} samples')
    check(all(b - a > 0.99 for a, b in zip(times, times[1:])), 'a second apart')
    with open(report, encoding='utf-8') as text:
        points = {p['device_id']: p for p in json.load(text)['points']}
    joules = points['package-0'].get('joules', 0)
    check(150 < joules < 450 and is_whole_seconds(joules, 100), f'{joules} J of 100 W were measured, whole seconds of it')

    # Short runs, begun at different moments: whatever they say is of the same full seconds.
    runs = []
    for n in range(4):
        runs.append(subprocess.Popen([emit, 'run', '--interval', '1ms', '--no-outbox', '--report', f'{home}/{n}', '--',
                                      'sleep', '0.2'], stderr=subprocess.DEVNULL, env=dict(ENVIRONMENT, XDG_STATE_HOME=home), **NOBODY))
        time.sleep(0.23)
    fine = []
    for n, child in enumerate(runs):
        child.wait()
        with open(f'{home}/{n}', encoding='utf-8') as text:
            fine += [p['joules'] for p in json.load(text)['points']
                     if 'joules' in p and not is_whole_seconds(p['joules'], {'package-0': 100, 'dram-0': 20}[p['device_id']])]
    check_equal(fine, [], 'short runs one beside another give no energy of less')


def early_in_a_second():
    """Waits until a second of the clock has just begun, too late for its reading."""
    time.sleep(1.05 - time.clock_gettime(time.CLOCK_MONOTONIC) % 1)


def check_start(emit, scratch):
    """A command waits for no full second longer than --start-timeout, unless a measurement is demanded."""
    report = f'{scratch}/home/start.json'
    tell = ('/usr/bin/python3', '-S', '-c', 'import time; print(time.clock_gettime(time.CLOCK_MONOTONIC)); time.sleep(%s)')

    def begin(seconds, *options):
        early_in_a_second()
        asked = time.clock_gettime(time.CLOCK_MONOTONIC)
        done = run(emit, 'run', '--no-outbox', '--report', report, *options, '--', *tell[:-1], tell[-1] % seconds,
                   XDG_STATE_HOME=f'{scratch}/home')
        over = time.clock_gettime(time.CLOCK_MONOTONIC)
        with open(report, encoding='utf-8') as text:
            points = {(p['outcome'], p.get('code')) for p in json.load(text)['points']}
        return float(done.stdout) // 1 - asked // 1, over // 1 - asked // 1, points

    started, ended, points = begin(0.1)
    check_equal((started, ended), (0, 0), 'a command that ends within a second starts and ends within it, and so does emit')
    check_equal(points, {('refused', 'below-resolution')}, 'nothing of it was read, and that is said')
    started, ended, points = begin(2)
    check_equal((started, points), (0, {('partial', 'late')}), 'a longer one is not delayed either, and partial')
    started, ended, points = begin(0.1, '--start-timeout', '1100ms')
    check_equal((started, points), (1, {('measured', 'simulated')}), '--start-timeout 1100ms waits for the second: measured')
    early_in_a_second()
    asked = time.clock_gettime(time.CLOCK_MONOTONIC)
    done = run(emit, 'run', '--no-outbox', '--require-measured', '--', 'true', XDG_STATE_HOME=f'{scratch}/home')
    check('is simulated' in done.stderr and time.clock_gettime(time.CLOCK_MONOTONIC) // 1 > asked // 1,
          f'--require-measured waits for it by itself: {done.stderr.strip()}')


def is_whole_seconds(joules, watts):
    return joules / watts > 0.9 and abs(joules / watts - round(joules / watts)) < 0.1


def check_overrides(emit, scratch):
    for words in (['sensors', '--sysfs-root', scratch], ['sensors', f'--sysfs-root={scratch}'],
                  ['run', '--sysfs-root', scratch, '--', 'true'],
                  ['run', '--outbox', f'{scratch}/o', '--', 'true']):
        done = run(emit, *words)
        option = [w.split('=')[0] for w in words if w.startswith('--')][0]
        if 'unknown option' in done.stderr:
            skip(f'{option} is refused', 'emit run has no such option')
            continue
        check(done.returncode in (2, 125) and 'refused' in done.stderr, f'{words[0]} {option} is refused')
        check_equal(done.stdout, '', 'and nothing is shown')
    if '--outbox' in run(emit, 'run', '--help').stdout:
        done = run(emit, 'run', '--', 'echo', 'ran', EMIT_OUTBOX=f'{scratch}/o')
        check(done.returncode == 125 and 'EMIT_OUTBOX' in done.stderr, 'a path from the environment is refused as well')
        check(done.stdout == '' and not os.path.exists(f'{scratch}/o'), 'before anything is run or written')


def check_order(emit, scratch):
    """The right is gone before a path of the caller's is touched."""
    if not shutil.which('strace'):
        skip('the right goes first', 'no strace')
        return
    asked = f'{scratch}/asked-for'
    log = f'{scratch}/log'
    subprocess.run(['strace', '-f', '-o', log, 'setpriv', '--reuid=65534', '--regid=65534', '--clear-groups',
                    emit, 'sensors', '--udev', 'emit'], env=dict(ENVIRONMENT, EMIT_OUTBOX=asked),
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    with open(log, encoding='utf-8', errors='replace') as text:
        calls = text.read()
    calls = calls[calls.rindex('execve('):]
    given_up = calls.find('capset(')
    check(given_up > 0, 'the right is given up')
    before = set(re.findall(r'open(?:at)?\([^"]*"([^"]*)"', calls[:given_up]))
    foreign = [p for p in before if not re.match(r'/(etc/ld\.so|lib|usr/lib|sys/class/powercap|proc/)|intel-rapl:', p)]
    check_equal(foreign, [], 'until then only libraries and counters are opened')
    check('intel-rapl:0/energy_uj' in before, 'the counters among them')
    check('PR_SET_DUMPABLE, SUID_DUMP_DISABLE' in calls, 'nobody can trace it from then on')


def move_counters(stop_moving):
    """100 W and 20 W, by writes of fixed width."""
    files = [(os.open(f'/sys/class/powercap/{entry}/energy_uj', os.O_WRONLY), watts)
             for entry, watts in (('intel-rapl:0', 100), ('intel-rapl:0:0', 20))]
    began = time.monotonic()
    while not stop_moving.wait(0.002):
        for file, watts in files:
            os.pwrite(file, b'%012d\n' % (10000000000 + int((time.monotonic() - began) * watts * 1e6)), 0)


def enter_namespace():
    """None, or why this cannot be done here."""
    libc = ctypes.CDLL(None, use_errno=True)
    clone_newns, ms_rec_private = 0x20000, 0x44000
    if os.geteuid() != 0:
        return 'not root'
    if libc.unshare(clone_newns) != 0 or libc.mount(None, b'/', None, ms_rec_private, None) != 0:
        return 'no mount namespace'
    if libc.mount(b'none', b'/sys', b'tmpfs', 0, b'mode=755') != 0:
        return 'no mount'
    return None


def copy_with(scratch, name, change):
    """A copy of emit, changed by a command; None where the file system forbids."""
    path = f'{scratch}/{name}'
    shutil.copy(EMIT, path)
    return path if subprocess.run([*change, path], check=False, stderr=subprocess.DEVNULL).returncode == 0 else None


def main():
    why = enter_namespace()
    if why:
        skip('a borrowed right', why)
        end()
    Machine(f'{SOURCE}/tests/hosts/denied').expand('/sys')
    stop_moving = threading.Event()
    mover = threading.Thread(target=move_counters, args=(stop_moving,), daemon=True)
    mover.start()
    with tempfile.TemporaryDirectory(prefix='emit-right-') as scratch:
        os.chmod(scratch, 0o755)
        plain = copy_with(scratch, 'plain', ['chmod', '755'])
        done = run(plain, 'sensors')
        check(done.returncode == 1 and 'energy_uj is 0400 root' in done.stdout, 'without a right the counters are denied')
        check('SIMULATED' in done.stdout, 'of a machine that is not real, although not one counter can be opened')
        lone = run('unshare', '-Ur', plain, 'sensors')
        if 'unshare' in lone.stderr:
            skip('root of a user namespace', 'this kernel lets nobody make one')
        else:
            check('denied' in lone.stdout and 'on the host' in lone.stdout and 'setcap' not in lone.stdout,
                  f'root of a user namespace is sent to the host: {lone.stdout}')
        capable = copy_with(scratch, 'capable', ['setcap', 'cap_dac_read_search=ep'])
        if capable and json.loads(run(capable, 'sensors', '--json').stdout)['borrowed_right']:
            check_seconds(capable)
            check_rights_of(capable, 'capability')
            check_cannot_be_taken(capable)
            check_runs(capable, scratch)
            check_start(capable, scratch)
            check_overrides(capable, scratch)
            check_order(capable, scratch)
        else:
            skip('a file capability', 'the file system or the kernel takes none')
        rooted = copy_with(scratch, 'rooted', ['chmod', '4755'])
        if rooted and json.loads(run(rooted, 'sensors', '--json').stdout)['borrowed_right']:
            check_rights_of(rooted, 'set-user-id')
        else:
            skip('a set-user-id copy', 'the file system takes none')
        own = subprocess.run([capable or plain, 'sensors', '--json'], capture_output=True, text=True, check=False, env=ENVIRONMENT)
        check(not json.loads(own.stdout)['borrowed_right'], 'root has the right himself')
        wrong = re.findall(r'chmod|0444|setuid', run(plain, 'sensors').stdout)
        check_equal(wrong, [], 'no remedy opens the counters to everybody')
    stop_moving.set()
    mover.join()
    end()


main()
