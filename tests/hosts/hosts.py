#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Expands each machine of tests/hosts into a tree that stands for /sys and checks every point of it.

  hosts.py FOLDER PROBE [MACHINE...]      checks; with EMIT_ACCEPT=1 rewrites what is expected
  hosts.py --expand FOLDER/MACHINE ROOT   only makes the tree, to look at it or to try emit on it
  hosts.py --scenario FOLDER/MACHINE      prints its GPUs as a scenario of emit-testbed, to be played again

A machine is a folder with two files. `expected` holds the probe's lines. `machine` holds one line a
zone: its entry in the class directory and its files, name=TEXT range=TEXT energy=FIRST..LAST, each left out
where the zone has none. Words alone: `denied` (energy_uj is 0400 root; the probe runs as nobody, or it would
stop nobody), `unreadable` (even the name), `masked` (the link leads nowhere), `limits` (has constraint files).
A folder of emit sensors --record becomes a test when EMIT_ACCEPT=1 has written what is expected, and a person has
read it. It also has mode=OCTAL and owner=root|other of energy_uj (for readers; `denied` is what counts), no energy= where
that was denied, and a file `gpus` with what NVML and DCGM answered: one line a point, METER index=N id=ID
component=... accuracy=... found=CODE counts=FIRST..LAST ... note=TEXT, or METER absent note=TEXT.
tests/flow/sensors-record-names-nobody.py plays it in the test bed and compares.
Other lines: `cpu VENDOR` (intel, amd, hygon: its modalias), `class empty|absent`, `seconds N` between the samples.
"""
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile

ROOT_ONLY = 0 if os.geteuid() else 0o400  # whoever is not root cannot make files of root's
VENDORS = {'intel': '0000', 'amd': '0002', 'hygon': '0009'}


class Machine:
    def __init__(self, folder):
        self.name = os.path.basename(folder)
        self.zones = []
        self.vendor = self.klass = None
        self.seconds = '10'
        with open(os.path.join(folder, 'machine'), encoding='utf-8') as text:
            for line in text:
                words = line.split('#')[0].split()
                if words:
                    self.take(words)

    def take(self, words):
        first, rest = words[0], words[1:]
        if first == 'cpu':
            self.vendor = VENDORS[rest[0]]
        elif first == 'class':
            self.klass = rest[0]
        elif first == 'seconds':
            self.seconds = rest[0]
        else:
            self.zones.append((first, dict(w.partition('=')[::2] for w in rest)))

    def expand(self, root):
        """Makes class/powercap with flat links into the nested devices, as the kernel does."""
        if self.vendor:
            write(f'{root}/devices/system/cpu/modalias',
                  f'cpu:type:x86,ven{self.vendor}fam0006mod006A:feature:,0000,0001\n')
        if self.klass == 'absent':
            os.makedirs(f'{root}/class', exist_ok=True)
            return
        os.makedirs(f'{root}/class/powercap', exist_ok=True)
        devices = f'{root}/devices/virtual/powercap'
        for entry, files in self.zones:
            control = entry.split(':')[0]
            place = control
            for depth in range(1, entry.count(':') + 1):
                place += '/' + ':'.join(entry.split(':')[:depth + 1])
            for listed, target in ((control, control), (entry, place)):
                link = f'{root}/class/powercap/{listed}'
                if not os.path.lexists(link):
                    os.symlink(f'../../devices/virtual/powercap/{target}', link)
            if 'masked' in files:
                continue
            zone = f'{devices}/{place}'
            os.makedirs(zone, exist_ok=True)
            write(f'{devices}/{control}/enabled', '1\n')
            write(f'{zone}/enabled', '0\n')
            write(f'{zone}/uevent', '')
            if 'name' in files or 'unreadable' in files:
                write(f'{zone}/name', files.get('name', 'unknown') + '\n',
                      ROOT_ONLY if 'unreadable' in files else 0o444)
            if 'range' in files:
                write(f'{zone}/max_energy_range_uj', files['range'] + '\n')
            if 'limits' in files:
                write(f'{zone}/constraint_0_name', 'long_term\n')
                write(f'{zone}/constraint_0_max_power_uw', '0\n')
            if 'energy' in files or 'denied' in files:
                write(f'{zone}/energy_uj', files.get('energy', '0').split('..')[0] + '\n',
                      ROOT_ONLY if 'denied' in files else 0o644)
            for link, target in (('subsystem', '../' * (place.count('/') + 4) + 'class/powercap'),
                                 ('device', '..')):
                if not os.path.lexists(f'{zone}/{link}'):
                    os.symlink(target, f'{zone}/{link}')

    def advance(self, root):
        """Moves the counters in place: the descriptors that are open go on seeing them."""
        for entry, files in self.zones:
            if '..' in files.get('energy', '') and 'denied' not in files:
                path = f'{root}/class/powercap/{entry}/energy_uj'
                with open(path, 'w', encoding='utf-8') as energy:
                    energy.write(files['energy'].split('..')[1] + '\n')

    def listed(self, root):
        """The zones, found by another program than the one under test."""
        found = subprocess.run(['find', f'{root}/class/powercap', '-mindepth', '1', '-maxdepth', '1',
                                '-name', '*:*'], capture_output=True, text=True, check=False)
        return found.stdout.count('\n')


GPU = re.compile(r'(?P<meter>\S+) index=(?P<index>-?\d+) id=(?P<id>\S+) component=(?P<component>\S+) accuracy=(?P<accuracy>\S+) '
                 r'found=(?P<found>\S+)(?: simulated)?(?: counts=(?P<first>\d+)\.\.(?P<last>\d+) carried=(?P<carried>\d+) span_ms=(?P<span>\d+))?'
                 r' joules=(?P<numerator>\d+)/(?P<denominator>\d+) update_ms=(?P<update>\S+) note=(?P<note>.*)')
STATES = {'denied': 'denied', 'gone': 'lost'}


def read_gpus(folder):
    """The points of the file `gpus`, and the meters that were not there."""
    points, absent = [], set()
    with open(os.path.join(folder, 'gpus'), encoding='utf-8') as text:
        for line in text:
            point = GPU.match(line)
            if point:
                points.append(point.groupdict())
            elif ' absent note=' in line:
                absent.add(line.split()[0])
            elif not line.startswith('#'):
                raise ValueError(f'{folder}/gpus: {line.strip()}')
    return points, absent


def watts_of(point):
    """Drawn while it was recorded."""
    if not point['carried'] or point['span'] == '0':
        return 0
    return int(point['carried']) * int(point['numerator']) / int(point['denominator']) * 1000 / int(point['span'])


def scenario_of(folder):
    """The GPUs as a scenario: the same devices with the same words, each at its mean power."""
    points, absent = read_gpus(folder)
    gpus = {}
    for point in points:
        if int(point['index']) >= 0 and (point['meter'] == 'nvml' or point['index'] not in gpus):
            gpus[point['index']] = point
    lines = [f'summary: GPUs recorded as {os.path.basename(folder.rstrip("/"))}']
    if not any(p['meter'] == 'nvml' for p in points):
        lines.append('nvml: {installed: false}')
    elif any('of another version' in p['note'] for p in points):
        lines.append('nvml: {init: 18}')
        gpus = gpus or {'0': points[0] | {'id': '', 'found': ''}}  # nobody could count them
    if any(p['meter'] == 'dcgm' for p in points):
        lines.append('dcgm: {library: 4}')
    lines.append('gpus:')
    for index in sorted(gpus, key=int):
        point = gpus[index]
        name = point['note'].split(';')[0].removeprefix('EMIT-TESTBED ')
        words = [f'power: {watts_of(point):.3f}']
        if point['id'].startswith('GPU-'):
            words.append(f'uuid: {point["id"]}')
        if point['found'] == 'readable':
            words.append(f'name: "{name}"')
        if point['found'] == 'absent':
            words.append('energy: none')
        elif point['accuracy'] == 'power-integrated':
            words.append('energy: power-only')
        elif point['first']:
            words.append(f'start: {point["first"]}')
        if point['component'] == 'gpu-module':
            words.append('module: true')
        if '; MIG' in point['note']:
            words.append('mig: 1')
        lines.append(f'  - {{{", ".join(words)}}}')
    events = [f'  - {{at: 0ms, gpu: {place}, what: {STATES[gpus[index]["found"]]}}}'
              for place, index in enumerate(sorted(gpus, key=int)) if gpus[index]['found'] in STATES]
    return '\n'.join(lines + (['events:'] if events else []) + events) + '\n'


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    os.chmod(path, mode)


def probe_lines(machine, probe, root):
    """What the probe says, as nobody when we are root."""
    user = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam('nobody')
        user = {'user': nobody.pw_uid, 'group': nobody.pw_gid, 'extra_groups': []}
    with subprocess.Popen([probe, root, machine.seconds], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True, **user) as child:
        lines = []
        for line in child.stdout:
            if line == 'sampled\n':
                machine.advance(root)
                child.stdin.write('\n')
                child.stdin.flush()
            else:
                lines.append(line.replace(f'0000 uid {os.geteuid()}', '0400 root'))
        child.stdin.close()
    return lines, child.returncode


def check(number, folder, probe, scratch):
    machine = Machine(folder)
    root = os.path.join(scratch, machine.name)
    os.makedirs(root)
    machine.expand(root)
    lines, status = probe_lines(machine, probe, root)
    expected_path = os.path.join(folder, 'expected')
    if os.environ.get('EMIT_ACCEPT'):
        write(expected_path, ''.join(lines))
    with open(expected_path, encoding='utf-8') as file:
        expected = file.readlines()
    wrong = []
    if status != 0:
        wrong.append(f'the probe exits with {status}')
    found = 0 if machine.klass or not machine.zones else len(lines)
    if found != machine.listed(root):
        wrong.append(f'find lists {machine.listed(root)} zones, the meter {found}')
    if len({line.split()[0] for line in lines}) != len(lines):
        wrong.append('two points have one device id')
    wrong += [f'wanted {line.strip()}' for line in expected if line not in lines]
    wrong += [f'got    {line.strip()}' for line in lines if line not in expected]
    if not wrong and lines != expected:
        wrong.append('the points stand in another order')
    print(f'{"not ok" if wrong else "ok"} {number} - {machine.name}: {found} points')
    for line in wrong:
        print(f'# {line}')
    return not wrong


def main():
    if sys.argv[1] == '--expand':
        Machine(sys.argv[2].rstrip('/')).expand(sys.argv[3])
        return 0
    if sys.argv[1] == '--scenario':
        print(scenario_of(sys.argv[2]), end='')
        return 0
    folder, probe = sys.argv[1:3]
    names = sys.argv[3:] or sorted(os.listdir(folder))
    folders = [f'{folder}/{n}' for n in names if os.path.exists(f'{folder}/{n}/machine')]
    with tempfile.TemporaryDirectory(prefix='emit-hosts-') as scratch:
        os.chmod(scratch, 0o755)  # nobody has to get in, and to run the probe from wherever we build
        copy = shutil.copy(os.path.abspath(probe), scratch)
        good = [check(i + 1, f, copy, scratch) for i, f in enumerate(folders)]
    print(f'1..{len(folders)}')
    return 0 if all(good) else 1


if __name__ == '__main__':
    sys.exit(main())
