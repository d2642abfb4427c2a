# Usage records for the bench: chat completions as a gateway logs them, without the texts.
# Token counts as public traces have them: prompts of a hundred to ten thousand tokens, some
# from the cache, answers of a few hundred, half of the large model's reasoning. One line in
# twenty repeats a recent request with its final counts. The seed is fixed: always the same bytes.
# SPDX-License-Identifier: Apache-2.0
import random

# Name, profile of its glob in emit.yaml, share, whether it reasons.
MODELS = [
    ("acme-small-2026-05-01", "acme-small*", "managed-compact-v1", 60, False),
    ("acme-large-2026-08-07", "acme-large*", "managed-frontier-v1", 25, True),
    ("orion/think:latest", "orion/*", "managed-reasoning-v1", 15, True),
]
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
BEGIN = 1_780_000_000
REPEATS_OF_HUNDRED, RECENT = 5, 1000


def line(generator, number, identity, model, reasons, prompt, cached, answer):
    reasoning = answer // 2 if reasons else 0
    return (
        f'{{"id":"chatcmpl-{identity}","object":"chat.completion","created":{BEGIN + number // 40},'
        f'"model":"{model}","choices":[{{"index":0,"finish_reason":"stop","logprobs":null}}],'
        f'"usage":{{"prompt_tokens":{prompt},"completion_tokens":{answer},"total_tokens":{prompt + answer},'
        f'"prompt_tokens_details":{{"cached_tokens":{cached},"audio_tokens":0}},'
        f'"completion_tokens_details":{{"reasoning_tokens":{reasoning},"audio_tokens":0,'
        f'"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}},'
        f'"service_tier":"default","system_fingerprint":"fp_{generator.getrandbits(40):010x}"}}\n'
    )


def lines(count):
    generator = random.Random(11)
    choices = [model for model in MODELS for _ in range(model[3])]
    recent = []
    for number in range(count):
        if recent and generator.randrange(100) < REPEATS_OF_HUNDRED:
            identity, model, reasons, prompt, cached, answer = generator.choice(recent)
            answer += generator.randrange(1, 200)
        else:
            identity = "".join(generator.choices(DIGITS, k=29))
            model, _, _, _, reasons = generator.choice(choices)
            prompt = int(generator.lognormvariate(7, 1)) + 10
            cached = prompt // 128 * 128 if generator.randrange(3) == 0 else 0
            answer = int(generator.lognormvariate(5.5, 0.8)) + 1
            made = (identity, model, reasons, prompt, cached, answer)
            if len(recent) < RECENT:
                recent.append(made)
            else:
                recent[number % RECENT] = made
        yield line(generator, number, identity, model, reasons, prompt, cached, answer)


def configuration():
    return "models:\n" + "".join(f'  "{glob}": {profile}\n' for _, glob, profile, _, _ in MODELS)
