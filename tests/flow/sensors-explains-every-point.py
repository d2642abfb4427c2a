# SPDX-License-Identifier: Apache-2.0
"""emit sensors names every point of every machine in tests/hosts, says why it cannot be read, and counts
what it says. As nobody, because root may read everything."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import jsonschema

SOURCE = os.environ['SOURCE']
sys.path += [f'{SOURCE}/tests/support', f'{SOURCE}/tests/hosts']
from hosts import Machine  # noqa: E402
from tap import EMIT, check, check_equal, end, skip  # noqa: E402

AS_NOBODY = {'user': 65534, 'group': 65534, 'extra_groups': []} if os.geteuid() == 0 else {}
with open(f'{SOURCE}/contract/sensors.schema.json', encoding='utf-8') as file:
    SCHEMA = json.load(file)


def start(emit, *words, **user):
    return subprocess.Popen([emit, 'sensors', *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **user)


def finish(child):
    out, err = child.communicate()
    return child.returncode, out, err


def sensors(emit, *words, **user):
    return finish(start(emit, *words, **user))


def check_counts(name, status, told):
    check_equal(told['found'], told['readable'] + told['explained'] + told['unnameable'],
                f'{name}: found is the sum of what is said')
    check_equal(told['found'], len(told['points']) + len(told['others']), f'{name}: and of what is listed')
    check_equal(told['readable'], sum(p['readable'] for p in told['points']), f'{name}: readable')
    check_equal(status, 0 if told['readable'] else 1, f'{name}: the exit status says whether anything is readable')


def check_machine(emit, root, machine):
    machine.expand(root)
    both = [start(emit, *words, '--sysfs-root', root, **AS_NOBODY) for words in (['--json'], [])]
    (status, out, err), (text_status, text, _) = map(finish, both)
    told = json.loads(out)
    errors = [e.message for e in jsonschema.Draft202012Validator(SCHEMA).iter_errors(told)]
    check_equal(errors, [], f'{machine.name}: the object keeps its schema')
    check_equal(err, '', f'{machine.name}: nothing on stderr')
    check_counts(machine.name, status, told)
    check_equal(len(told['points']), machine.listed(root) if not machine.klass else 0,
                f'{machine.name}: as many points as find lists zones')
    mute = [p['device_id'] for p in told['points'] if not p['readable'] and not p.get('note') and not p.get('code')]
    check_equal(mute, [], f'{machine.name}: what cannot be read says why')
    check(all(p['simulated'] for p in told['points']), f'{machine.name}: a root of our own is simulated')

    check_equal(text_status, status, f'{machine.name}: the text exits alike')
    missing = [p['device_id'] for p in told['points'] if f' {p["device_id"]} ' not in text]
    check_equal(missing, [], f'{machine.name}: the text names every point')
    wide = [line for line in text.splitlines() if len(line) > 80 and emit not in line]
    check_equal(wide, [], f'{machine.name}: 80 columns')
    for code, words in (('denied', ['setcap cap_dac_read_search=ep', '--udev', 'sudo emit run --', 'CVE-2020-8694']),
                        ('masked', ['systempaths=unconfined', 'unmask=/sys/devices/virtual/powercap'])):
        has = any(p.get('code') == code for p in told['points'])
        for word in words:
            check_equal(word in text, has, f'{machine.name}: {word!r} is told where it helps, and only there')
        check_equal(any(r['code'] == code for r in told['remedies']), has, f'{machine.name}: remedy of {code}')


def check_others(emit, root):
    """What is seen but not metered: each with a truthful reason."""
    files = {'class/power_supply/BAT0/type': 'Battery', 'class/power_supply/AC/type': 'Mains',
             'class/drm/card0/device/vendor': '0x10de', 'class/drm/card0-HDMI-A-1/device/vendor': '0x10de',
             'class/drm/card1/device/vendor': '0x1002', 'class/drm/card2/device/vendor': '0x1a03',
             'class/drm/card3/device/vendor': '0x8086', 'class/drm/card3-DP-1/device/vendor': '0x8086',
             'class/drm/renderD128/device/vendor': '0x1002',
             'class/hwmon/hwmon0/name': 'ltc2947', 'class/hwmon/hwmon0/energy1_input': '5',
             'class/hwmon/hwmon1/name': 'ibmaem', 'class/hwmon/hwmon1/energy1_input': '5',
             'class/hwmon/hwmon2/name': 'coretemp', 'class/hwmon/hwmon2/temp1_input': '5',
             'class/hwmon/hwmon3/name': 'power_meter', 'class/hwmon/hwmon3/power1_average': '5',
             'class/hwmon/hwmon10/name': 'amd_energy', 'class/hwmon/hwmon10/energy1_input': '5'}
    for path, text in files.items():
        os.makedirs(os.path.dirname(f'{root}/{path}'), exist_ok=True)
        with open(f'{root}/{path}', 'w', encoding='utf-8') as out:
            out.write(text + '\n')
    status, out, _ = sensors(emit, '--json', '--sysfs-root', root)
    told = json.loads(out)
    jsonschema.validate(told, SCHEMA)
    check_counts('others', status, told)
    check_equal([(o['kind'], o['name'], o['code'], o.get('interface')) for o in told['others']],
                [('gpu', 'card0 NVIDIA', 'unmetered', 'nvml or dcgm'), ('gpu', 'card1 AMD', 'unnameable', None),
                 ('gpu', 'card3 Intel', 'unnameable', None),
                 ('battery', 'BAT0', 'unnameable', None), ('hwmon', 'hwmon0 ltc2947', 'unnameable', None),
                 ('hwmon', 'hwmon1 ibmaem', 'unmetered', 'ipmi'),
                 ('hwmon', 'hwmon3 power_meter', 'unnameable', None),
                 ('hwmon', 'hwmon10 amd_energy', 'unmetered', 'rapl')], 'GPUs, batteries and energy sensors, each for what it is')
    check_equal([a['interface'] for a in told['absent']], ['rapl', 'dcgm', 'nvml'], 'and why NVIDIA is not asked')
    text = sensors(emit, '--sysfs-root', root)[1]
    check(all(o['name'] in text for o in told['others']), 'the text names them too')


def main():
    with tempfile.TemporaryDirectory(prefix='emit-sensors-') as scratch:
        os.chmod(scratch, 0o755)
        emit = shutil.copy(EMIT, scratch)
        names = sorted(n for n in os.listdir(f'{SOURCE}/tests/hosts') if os.path.exists(f'{SOURCE}/tests/hosts/{n}/machine'))
        for name in names:
            root = f'{scratch}/{name}'
            os.mkdir(root)
            check_machine(emit, root, Machine(f'{SOURCE}/tests/hosts/{name}'))
        os.mkdir(f'{scratch}/others')
        check_others(emit, f'{scratch}/others')
        if os.geteuid() == 0:
            status, out, _ = sensors(emit, '--json', '--sysfs-root', f'{scratch}/denied')
            check(status == 0 and json.loads(out)['readable'] == 2, 'what nobody may not read, root may')
        else:
            skip('root reads what nobody may not', 'not root')
        status, _, err = sensors(emit, '--sysfs-root', f'{scratch}/no-such')
        check(status == 2 and 'no-such' in err, 'a root that is not there is named')
        for words in [], ['--json'], ['--udev', 'energy']:
            with open('/dev/full', 'w') as full:
                done = subprocess.run([EMIT, 'sensors', *words], stdout=full, stderr=subprocess.PIPE, text=True)
            check(done.returncode == 2 and 'standard output' in done.stderr, f'an output that is full is told {words}')
        check_equal(sensors(emit, '--json', '--watch')[0], 2, 'one object cannot be watched')
        check_equal(sensors(emit, 'operand')[0], 2, 'an operand is a usage error')
    end()


main()
