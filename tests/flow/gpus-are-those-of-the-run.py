"""Which GPUs are metered: those that the environment of the run, or its user, assigns. The others are no events, and
are listed; what cannot be resolved is not guessed."""
# SPDX-License-Identifier: Apache-2.0
import json
import os
import shlex
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from tap import EMIT, check, check_equal, end, skip  # noqa: E402

TESTBED = os.environ['EMIT_TESTBED']
UUIDS = [f'GPU-{index}aaaaaaa-0000-4000-8000-00000000000{index}' for index in range(4)]
SCENARIO = """summary: four GPUs, of which {what}
gpus:
{gpus}"""
ENGINE = 'dcgm: {library: 4}\n'
NAMES = {'alike': ['H100'] * 4, 'unlike': ['H100', 'A100', 'H100', 'H100']}
ALL, NONE = 'yyyy', 'nnnn'
# kind of machine, environment, options, which devices are metered, what is said of them or of the others
CASES = [
    ('alike', {}, [], ALL, ''),
    ('alike', {'CUDA_VISIBLE_DEVICES': '2,0'}, [], 'ynyn', 'not in CUDA_VISIBLE_DEVICES=2,0'),
    ('alike', {'CUDA_VISIBLE_DEVICES': ''}, [], NONE, 'not in CUDA_VISIBLE_DEVICES='),
    ('alike', {'CUDA_VISIBLE_DEVICES': '1,-1,2'}, [], 'nynn', "'-1' names no device"),
    ('unlike', {'CUDA_VISIBLE_DEVICES': '1'}, [], ALL, 'CUDA_DEVICE_ORDER'),
    ('unlike', {'CUDA_VISIBLE_DEVICES': '1', 'CUDA_DEVICE_ORDER': 'PCI_BUS_ID'}, [], 'nynn', 'not in'),
    ('unlike', {'CUDA_VISIBLE_DEVICES': UUIDS[3][:8]}, [], 'nnny', 'not in'),
    ('alike', {'NVIDIA_VISIBLE_DEVICES': 'none'}, [], NONE, 'not in NVIDIA_VISIBLE_DEVICES=none'),
    ('alike', {'NVIDIA_VISIBLE_DEVICES': 'void'}, [], ALL, ''),
    ('alike', {'NVIDIA_VISIBLE_DEVICES': UUIDS[1]}, [], 'nynn', 'not in'),
    ('alike', {'SLURM_JOB_GPUS': '0,1', 'SLURM_STEP_GPUS': '1'}, [], 'nynn', 'not in SLURM_STEP_GPUS=1'),
    ('alike', {'SLURM_JOB_GPUS': '0,1'}, [], 'yynn', 'not in SLURM_JOB_GPUS=0,1'),
    ('alike', {'CUDA_VISIBLE_DEVICES': '0'}, ['--device', '3,' + UUIDS[2][:6]], 'nnyy', 'not in --device'),
    ('alike', {'CUDA_VISIBLE_DEVICES': '0'}, ['--device', 'all'], ALL, ''),
]
VARIABLES = ['CUDA_DEVICE_ORDER', 'CUDA_VISIBLE_DEVICES', 'NVIDIA_VISIBLE_DEVICES', 'SLURM_JOB_GPUS', 'SLURM_STEP_GPUS']


def write_scenario(path, what, more=''):
    gpus = ''.join(f'  - {{name: {name}, uuid: {uuid}, power: 300}}\n' for name, uuid in zip(NAMES[what], UUIDS))
    with open(path, 'w', encoding='utf-8') as out:
        out.write(SCENARIO.format(what=what, gpus=gpus) + more)


# All cases of one kind of machine side by side in one test bed; they wait for their second sample most of the time.
def look(folder, what, more):
    write_scenario(f'{folder}/{what}.yaml', what, more)
    lines = []
    for index, (kind, environment, options, _, _) in enumerate(CASES):
        if kind == what:
            words = ['env', *(f'-u{name}' for name in VARIABLES), *(f'{n}={v}' for n, v in environment.items()),
                     EMIT, 'sensors', '--json', *options]
            lines.append(f'{shlex.join(words)} > {shlex.quote(folder)}/{index} &')
    got = subprocess.run([TESTBED, 'run', f'{folder}/{what}.yaml', '--', 'sh', '-c', '\n'.join([*lines, 'wait'])],
                         capture_output=True, text=True, check=False)
    check_equal((got.returncode, got.stderr), (0, ''), f'{what}: the test bed runs')


def check_case(told, name, wanted, words):
    points = {point['device_id']: point for point in told['points'] if point['meter'] == 'nvml'}
    check_equal(sorted(points), UUIDS, f'{name}: every GPU is named')
    metered = {point['device_id'] for point in told['points'] if point['outcome'] == 'measured'}
    got = ''.join('y' if uuid in metered else 'n' for uuid in UUIDS)
    check_equal(got, wanted, f'{name}: metered')
    for uuid, is_metered in zip(UUIDS, wanted):
        if is_metered == 'n':
            check_equal((points[uuid]['outcome'], points[uuid]['code']), ('excluded', 'unassigned'), f'{name}: {uuid} is not the run\'s')
    notes = [point['note'] for uuid, point in points.items() if wanted == ALL or point['code'] == 'unassigned']
    check(all(words in note for note in notes), f'{name}: says {words!r}: {notes[0]}')


def check_run(folder):
    """What a run stores of it: an event a device it may use; and that a list nobody can resolve is said."""
    for what, metered in (('alike', [UUIDS[1]]), ('unlike', UUIDS)):
        got = subprocess.run([TESTBED, 'run', f'{folder}/{what}.yaml', '--', EMIT, 'run', '--no-outbox', '--output',
                              f'{folder}/events-{what}', '--', 'sleep', '0.4'], capture_output=True, text=True, check=False,
                             env={**os.environ, 'CUDA_VISIBLE_DEVICES': '1', 'HOME': folder, 'XDG_RUNTIME_DIR': folder})
        with open(f'{folder}/events-{what}', encoding='utf-8') as lines:
            events = [json.loads(line)['tags'] for line in lines]
        check_equal(sorted(tags['device_id'] for tags in events if tags['energy_source'] == 'nvml'), metered, f'{what}: events')
        check_equal('cannot be resolved' in got.stderr, what == 'unlike', f'{what}: the report says what could not be told')
        check_equal('not of this run' in got.stderr, what == 'alike', f'{what}: and what was not metered')
        check(all(len(line) <= 80 for line in got.stderr.splitlines()), f'{what}: in 80 columns')


# Only the control node and the file of the third GPU are in /dev, as in a container or a control group that was given it.
GIVEN_ONE = """set -e
cd {folder}
mkdir -p dev/shm
touch dev/null dev/nvidiactl dev/nvidia2
mount --bind /dev/null dev/null
mount --rbind /dev/shm dev/shm
mount --rbind dev /dev
{emit} sensors --json > given
env -u CUDA_VISIBLE_DEVICES {emit} sensors --json > all
env -u CUDA_VISIBLE_DEVICES -u EMIT_DCGM_LIBRARY {emit} sensors --json > alone
env -u CUDA_VISIBLE_DEVICES -u EMIT_DCGM_LIBRARY {emit} sensors --json --device all > asked
unset EMIT_NVML_LIBRARY EMIT_DCGM_LIBRARY
{emit} sensors --json > found"""


def check_given(folder):
    """A host engine sees every GPU of the node, and the job was given one of them: CUDA calls that one 0."""
    write_scenario(f'{folder}/given.yaml', 'alike', ENGINE + 'events:\n' +
                   ''.join(f'  - {{at: 0ms, gpu: {gpu}, what: denied}}\n' for gpu in (0, 1, 3)))
    alone = ['unshare', '-m'] if os.geteuid() == 0 else ['unshare', '-rm']
    script = GIVEN_ONE.format(folder=shlex.quote(folder), emit=shlex.quote(EMIT))
    got = subprocess.run([TESTBED, 'run', f'{folder}/given.yaml', '--', *alone, 'sh', '-c', script], capture_output=True,
                         text=True, check=False, env={**os.environ, 'CUDA_VISIBLE_DEVICES': '0'})
    if not os.path.exists(f'{folder}/given'):
        skip('a job that was given one GPU of four', f'no namespace to hide the others in: {got.stderr.strip()}')
        return
    with open(f'{folder}/given', encoding='utf-8') as told:
        points = json.load(told)['points']
    check_equal(sorted({point['meter'] for point in points}), ['dcgm', 'nvml'], 'given one: both meters see GPUs')
    check_equal({point['device_id'] for point in points if point['outcome'] == 'measured'}, {UUIDS[2]}, 'given one: that one is metered')
    check_equal({point['code'] for point in points if point['outcome'] != 'measured' and point['device_id'] != UUIDS[2]}, {'unassigned'},
                'given one: the others are not the run\'s')
    # Without a list, too: the job cannot use what its process cannot open. Asked for, it is denied.
    for name, wanted in (('all', 'unassigned'), ('alone', 'unassigned'), ('asked', 'denied')):
        with open(f'{folder}/{name}', encoding='utf-8') as told:
            points = json.load(told)['points']
        check_equal([p['device_id'] for p in points if p['outcome'] == 'measured'], [UUIDS[2]], f'given one, {name}: that one is metered')
        others = [p for p in points if p['outcome'] != 'measured' and p['code'] != 'replicate']
        check_equal({p['code'] for p in others}, {wanted}, f'given one, {name}: {len(others)} others')
        check(all('device file' in p['note'] for p in others) == (wanted == 'unassigned'), f'given one, {name}: says why: {others[0]["note"]}')
    # The libraries are found by LD_LIBRARY_PATH now, as a driver's own are by the loader: that makes them no more real.
    with open(f'{folder}/found', encoding='utf-8') as told:
        points = [point for point in json.load(told)['points'] if point['meter'] == 'nvml']
    check_equal(([point['code'] for point in points], all(point['simulated'] for point in points)),
                (['unassigned', 'unassigned', 'replicate', 'unassigned'], True), 'given one: a library without a driver is simulated')


def main():
    with tempfile.TemporaryDirectory(prefix='emit-gpus-') as folder:
        for meters, more in (('nvml and dcgm', ENGINE), ('nvml', '')):
            for what in NAMES:
                look(folder, what, more)
            for index, (what, environment, options, wanted, words) in enumerate(CASES):
                name = ' '.join([meters, what, *(f'{n}={v}' for n, v in environment.items()), *options])
                with open(f'{folder}/{index}', encoding='utf-8') as told:
                    check_case(json.load(told), name, wanted, words)
        check_run(folder)
        check_given(folder)
        for words in (['--device', 'no-such'], ['--device', '0,,1'], ['--device', '']):
            got = subprocess.run([EMIT, 'sensors', *words], capture_output=True, text=True, check=False)
            check(got.returncode == 2 and got.stderr.count('\n') == 1 and '--device' in got.stderr, f'nonsense is one sentence: {got.stderr}')
    end()


main()
