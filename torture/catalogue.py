"""The fault table, F1 to F50: what shows each of them, here or in a test of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """One line of the fault table. ``here`` is where in the harness it happens besides the faults
    that carry its number; ``tests`` show it alone, as file::test; ``open`` is what is not shown,
    and why."""

    title: str
    here: str = ""
    tests: tuple[str, ...] = ()
    open: str = ""


_FAULTS = "tests/system/pipeline/test_faults.py::"
_END = "tests/system/pipeline/test_end_to_end.py::"
_CLAUDE = "tests/integration/extract/test_claude.py::"
_VOYAGE = "tests/integration/embed/test_voyage.py::"
_INPUT = "tests/system/api/test_bad_input.py::"
_QUEUE = "tests/integration/db/test_queue.py::"
_WAKEUP = "tests/system/workers/test_wakeup.py::"
_DRAIN = "tests/integration/ingest/test_dispatcher.py::"
_GOES_BACK = (
    _DRAIN + "test_what_a_stopping_process_cannot_finish_goes_back_as_if_it_had_never_been_claimed"
)
_RESTORED = "test_after_a_backup_is_restored_clients_ask_again_and_nothing_is_doubled_or_paid_twice"
_ANY_POINT = _FAULTS + "test_a_process_killed_at_any_point_loses_and_doubles_nothing"

CATALOGUE: dict[str, Known] = {
    "F1": Known(
        "worker child killed during an LLM call",
        tests=(_FAULTS + "test_a_worker_killed_during_a_provider_call_loses_and_doubles_nothing",),
    ),
    "F2": Known(
        "worker killed with all of its processes",
        tests=(_FAULTS + "test_a_killed_workers_conversation_goes_on_long_before_its_lease_ends",),
    ),
    "F3": Known("killed between the provider's reply and saving it", tests=(_ANY_POINT,)),
    "F4": Known("killed between saving the extraction and settling it", tests=(_ANY_POINT,)),
    "F5": Known("killed just before the commit, and just after", tests=(_ANY_POINT,)),
    "F6": Known(
        "worker frozen past its lease",
        tests=(
            _FAULTS + "test_a_frozen_worker_that_wakes_after_its_lease_changes_nothing",
            _QUEUE + "test_whoever_lost_its_lease_changes_nothing",
        ),
    ),
    "F7": Known(
        "API killed under load",
        here="clients without an answer ask again with the same key",
        tests=(
            "tests/system/embedded/test_up.py::test_a_part_that_is_killed_is_back_within_seconds_and_nothing_is_lost",
        ),
    ),
    "F8": Known(
        "deploy by SIGTERM under load",
        tests=(
            _DRAIN + "test_a_process_that_is_asked_to_stop_claims_nothing_more",
            _GOES_BACK,
        ),
    ),
    "F9": Known(
        "Postgres killed",
        tests=(
            "tests/system/contract/test_faults_of_the_original.py::test_40_without_the_database_health_says_so",
        ),
    ),
    "F10": Known(
        "a connection ended while it settles",
        tests=(_DRAIN + "test_a_database_connection_that_breaks_strands_nothing_that_was_begun",),
    ),
    "F11": Known("database disk full"),
    "F12": Known(
        "Redis killed, back empty",
        tests=(
            _FAULTS
            + "test_conversations_are_accepted_while_redis_is_down_and_remembered_when_it_is_back",
        ),
    ),
    "F13": Known("FLUSHALL", tests=(_FAULTS + "test_flushall_with_200_queued_loses_nothing",)),
    "F14": Known(
        "Redis out of memory",
        tests=(_WAKEUP + "test_a_redis_without_memory_is_silence_not_an_error",),
    ),
    "F15": Known(
        "Redis frozen", tests=(_WAKEUP + "test_a_request_returns_at_once_while_redis_is_frozen",)
    ),
    "F16": Known("replies of Redis lost"),
    "F17": Known("garbage in the queue"),
    "F18": Known("clock skew"),
    "F19": Known(
        "the same POST twenty times at once",
        here="one act in twenty, 4 to 20 copies, over both APIs",
        tests=(
            _FAULTS + "test_the_same_post_twenty_times_at_once_is_one_conversation",
            "tests/integration/db/test_conversations.py::test_one_of_twenty_accepts_with_one_key_at_the_same_time_is_the_first",
        ),
    ),
    "F20": Known(
        "the same key with another body, the same body with another key",
        here="the second: one act in twenty",
        tests=(_FAULTS + "test_the_same_key_with_another_body_is_refused",),
    ),
    "F21": Known(
        "conversations with one fact at once",
        here="one act in ten, 2 to 8 conversations, in equal and in differing words",
        tests=(
            _FAULTS + "test_ten_conversations_with_the_same_new_fact_at_once_leave_one_live_memory",
        ),
    ),
    "F22": Known(
        "posts out of order",
        tests=(_END + "test_an_older_statement_that_arrives_late_becomes_history",),
    ),
    "F23": Known(
        "contradictions racing",
        here="one act in 25: 3 to 5 homes of one person at once, of which one must be left",
        tests=(
            "tests/system/contract/test_faults_of_the_original.py::test_02_a_replacement_is_all_or_nothing",
        ),
    ),
    "F24": Known(
        "malformed output of the LLM",
        here="a share of all calls",
        tests=(_CLAUDE + "test_every_failure_has_its_family_and_is_not_retried",),
    ),
    "F25": Known(
        "truncated output of the LLM",
        here="a share of all calls",
        tests=(_CLAUDE + "test_every_failure_has_its_family_and_is_not_retried",),
    ),
    "F26": Known(
        "invented ids",
        here="answers that cite messages which do not exist; the LLM never sees an id of a memory",
        tests=(
            "tests/unit/rules/test_grounding.py::test_a_message_outside_the_window_cannot_be_cited",
        ),
    ),
    "F27": Known(
        "invented facts",
        here="one act in a hundred: nothing of them may be remembered",
        tests=("tests/unit/rules/test_grounding.py::test_a_claim_needs_words_of_the_user",),
    ),
    "F28": Known(
        "LLM over its limits, failing, cut off",
        here="a share of all calls",
        tests=(
            _CLAUDE + "test_a_rate_limit_carries_the_pause_that_was_asked_for_without_sleeping_it",
            _FAULTS + "test_an_account_that_is_refused_or_limited_burns_no_attempts",
        ),
    ),
    "F29": Known(
        "LLM hangs or drips",
        here="a share of all calls",
        tests=(
            _CLAUDE + "test_an_answer_that_drips_ends_at_the_deadline",
            _VOYAGE + "test_an_answer_that_drips_ends_at_the_deadline",
        ),
    ),
    "F30": Known("provider down for long, with work waiting"),
    "F31": Known(
        "unusable vectors",
        here="a share of all calls",
        tests=(_VOYAGE + "test_every_failure_has_its_family_and_is_not_retried",),
    ),
    "F32": Known(
        "embedding model changed under way",
        tests=(
            "tests/integration/db/test_migrate.py::test_the_model_may_change_until_there_is_a_memory_and_never_after",
        ),
    ),
    "F33": Known(
        "poison that kills its process",
        here="planted among the mixed ones",
        tests=(
            _FAULTS + "test_poison_is_dead_after_three_crashes_and_harms_nobody_else",
            _FAULTS + "test_what_runs_out_of_memory_is_dead_and_takes_no_worker_along",
            _QUEUE + "test_a_lease_that_ran_out_three_times_ends_in_dead_with_a_reason",
        ),
        open="an allocation that the kernel answers with a kill: to the service it is an exit",
    ),
    "F34": Known(
        "bodies too large, compressed, empty, of the wrong type",
        here="3 MB, nothing and UTF-16, all the time; spoilt bodies of 16 other requests",
        tests=(
            _INPUT + "test_a_body_over_the_limit_is_refused_before_it_is_read",
            _INPUT + "test_a_body_over_the_limit_is_refused_when_its_length_is_not_declared",
            _INPUT + "test_a_hundred_thousand_messages_are_refused",
            _INPUT + "test_a_compressed_body_is_refused",
            _INPUT + "test_another_content_type_is_refused",
        ),
    ),
    "F35": Known(
        "JSON traps",
        here="depth 10,000 and NaN, all the time",
        tests=(_INPUT + "test_a_bad_conversation_is_refused_with_what_to_do",),
    ),
    "F36": Known(
        "Unicode traps",
        here="NUL and lone surrogates, all the time",
        tests=(
            _INPUT + "test_strange_but_valid_text_comes_back_byte_for_byte",
            _INPUT + "test_invisible_and_decomposed_variants_of_a_fact_are_the_same_fact",
        ),
    ),
    "F37": Known(
        "API keys guessed, malformed, revoked, expired, of the wrong scope",
        here="keys made, used, revoked and tried for 7 s; a narrow key beyond its reach",
        tests=(
            _INPUT + "test_without_a_known_key_the_answer_is_401_before_anything_is_read",
            "tests/system/api/test_keys.py::test_a_revoked_key_stops_working_within_five_seconds",
            "tests/integration/tenancy/test_api_keys.py::test_an_expired_key_opens_nothing",
            "tests/system/contract/test_keys_and_setup.py::test_scopes_hold_on_every_route",
        ),
    ),
    "F38": Known(
        "ids of another tenant everywhere",
        here="answers are searched for other tenants' words; ids of others are tried",
        tests=(
            "tests/system/api/test_schema.py::test_another_tenants_ids_lead_nowhere",
            "tests/system/contract/test_keys_and_setup.py::test_another_tenants_ids_lead_nowhere",
        ),
    ),
    "F39": Known(
        "SQL injection",
        tests=(
            "tests/system/api/test_schema.py::test_no_request_breaks_the_service_or_its_promises",
            "tests/integration/db/test_memories.py::test_no_question_breaks_the_search_by_words",
            _INPUT + "test_reads_answer_cleanly_whatever_is_asked",
        ),
    ),
    "F40": Known(
        "prompt injection",
        here="orders to agents, stated by a model: they wait for a review",
        tests=(
            "tests/unit/extract/test_prompt.py::test_a_window_is_rendered_as_data_that_no_text_can_break_out_of",
            "tests/unit/rules/test_grounding.py::test_a_claim_needs_words_of_the_user",
        ),
    ),
    "F41": Known(
        "webhooks to inner addresses",
        tests=(
            "tests/unit/webhooks/test_addresses.py::test_no_address_inside_is_reached_however_it_is_written",
            "tests/integration/webhooks/test_sender.py::test_nothing_listens_in_vain_on_the_inside",
            "tests/integration/webhooks/test_sender.py::test_a_name_that_changes_after_the_check_gains_nothing",
            "tests/integration/webhooks/test_sender.py::test_a_redirect_is_an_answer_and_is_not_followed",
        ),
    ),
    "F42": Known("clients that never finish a request"),
    "F43": Known("connection pool used up, a leaked transaction"),
    "F44": Known("deadlocks"),
    "F45": Known(
        "a noisy tenant",
        here="`python -m torture fairness`",
        tests=(
            _QUEUE
            + "test_a_tenant_with_one_conversation_is_in_the_first_batch_beside_one_with_500",
            _QUEUE + "test_a_tenant_has_no_more_than_its_share_in_flight",
        ),
    ),
    "F46": Known(
        "scheduler absent, then three of them",
        tests=(_QUEUE + "test_sweeps_at_the_same_time_count_a_crash_once",),
    ),
    "F47": Known(
        "erasing what is queued, leased or being settled",
        here="chats erased within 0.3 s of their 202; persons erased while they speak",
        tests=(
            "tests/integration/db/test_conversations.py::test_a_claim_in_flight_can_no_longer_settle_what_was_erased",
            "tests/integration/db/test_conversations.py::test_an_erase_during_a_settle_waits_and_undoes_it",
        ),
    ),
    "F48": Known(
        "rolling deploy",
        here="workers and APIs are deployed under load",
        tests=(
            "tests/integration/db/test_migrate.py::test_several_processes_that_migrate_at_once_do_it_once",
        ),
    ),
    "F49": Known(
        "a backup restored",
        tests=("tests/system/pipeline/test_backup.py::" + _RESTORED,),
    ),
    "F50": Known(
        "recall under the tenant filter",
        tests=(
            "tests/integration/db/test_memories.py::test_the_codes_of_a_large_scope_find_99_of_100_of_what_an_exact_search_finds",
            "tests/system/contract/test_faults_of_the_original.py::test_12_a_small_user_gets_a_full_answer",
        ),
    ),
}
"""By number; what is not here does not exist."""
