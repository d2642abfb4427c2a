# A vendor's report of usage, grouped by model, as options of emit tokens: jq -nrf usage-report.jq PAGE...
# SPDX-License-Identifier: Apache-2.0
#
# Of organization usage (object, results, num_model_requests) the input holds what was cached, and
# reports of late what was heard and seen; of a usage report of messages (uncached_input_tokens)
# the input holds nothing else, and requests are not counted. Tokens of audio and images end it:
# no coefficient is known for them.
def is_media: test("_(audio|image|video)_tokens|_(audio|image|video)$");
def input: .uncached_input_tokens // (.input_tokens - (.input_cached_tokens // 0));
def writes: [.cache_creation[]?] | add // 0;
[inputs.data[].results[]
 | if ([to_entries[] | select(.key | is_media) | .value // 0] | add // 0) > 0
   then error("tokens of audio or images: \(tojson)") else . end
 | if .model then . else error("no model: ask for the report with group_by model") end
 | {model, input: (input + writes), cached: (.input_cached_tokens // .cache_read_input_tokens // 0),
    output: .output_tokens, requests: .num_model_requests}]
| group_by(.model)[]
| "\(.[0].model): --input \(map(.input) | add) --cached \(map(.cached) | add)"
  + (if all(.output) then " --output \(map(.output) | add)" else "" end)
  + (if all(.requests) then " --requests \(map(.requests) | add)" else "" end)
