"""Which test has which hostile input, and which inputs have nothing yet that they could reach."""

from __future__ import annotations

__all__ = ["STATED", "TESTED", "UNREACHED"]

_ARGUMENTS = "security/test_bad_inputs.py::test_hostile_text_in_every_argument"
_FIELDS = "security/test_bad_inputs.py::test_N14_V04_V05_every_field_with_every_odd_value"
_FOLDER = (
    "security/test_hostile_runs.py::test_P11_P27_O10_N14_D10_a_script_that_spoils_its_folder_harms_its_own_run_alone"
)
_MAILBOX = "security/test_hostile_runs.py::test_P01_N08_N14_O04_O05_V04_V05_requests_of_a_script_are_about_its_own_run"
_ARCHIVE = "snapshots/test_archives.py::test_a_hostile_archive_leaves_nothing_behind"
_PACKAGE = "services/test_carried_packages.py::test_a_file_that_is_no_honest_wheel_is_refused"
_IMPORT = "services/test_hostile_archives.py::test_a_broken_or_hostile_archive_is_refused_and_leaves_nothing"
_STRANGER = "security/test_hostile_imports.py::test_N08_N14_D10_what_a_stranger_recorded_harms_its_own_run_alone"
_MODELS = "security/test_bad_inputs.py::test_U01_U04_P27_a_model_is_made_of_the_files_of_a_run"
_FETCHED = "security/test_bad_inputs.py::test_U05_S01_K10_nothing_is_fetched_and_nothing_is_run"
_DOORS = "security/test_doors.py::test_every_door_says_the_same_of_hostile_text"
_PANEL = "ui-tests/tests/hostile.spec.ts::hostile strings are text in every field of the panel"
_WORDS = "security/test_words.py::test_P01_V04_V09_a_run_on_the_command_line_is_never_a_path"
_PLACES = (
    "services/test_folders.py::test_P01_P02_P04_P05_P07_P08_P30_nothing_is_written_where_no_process_of_a_run_writes"
)
_LINKS = "services/test_folders.py::test_P11_P27_P33_nothing_is_written_or_read_through_a_link"
_OFFLINE = "services/test_folders.py::test_A01_A02_A04_A08_P04_N14_a_hostile_import_is_refused_and_nothing_of_it_stays"
_LONGEST = "services/test_folders.py::test_P30_the_longest_name_that_a_file_can_have_is_one"
_RERUN = "services/test_rerun.py::test_D10_O05_V05_what_somebody_else_told_a_cell_is_believed_only_as_far_as_it_can_be"
_SPOILT = (
    "sdk/test_offline.py::"
    "test_P01_P04_P05_P11_P27_N14_a_folder_that_is_damaged_or_hostile_is_refused_and_nothing_of_it_stays"
)
_CARD = "domain/test_card.py::test_hostile_text_is_shown_and_does_nothing"
_GIT = "snapshots/test_git_facts.py::test_nothing_that_a_repository_names_is_run"
_REQUIREMENTS = (
    "services/test_environments.py::test_K04_U13_what_is_no_package_of_an_index_is_refused_and_nothing_of_it_is_kept"
)
_IMAGES = "environments/test_image.py::test_K05_a_base_that_is_no_reference_is_refused"
_WALK = "security/test_route_walk.py"

# Id of the input to the tests that have it, as path::name.
TESTED: dict[str, tuple[str, ...]] = {
    **{f"P{n}": (_ARGUMENTS, _DOORS) for n in ("02", "04", "05", "07", "08", "10", "13", "14", "16", "17", "20", "29")},
    "P01": (_ARGUMENTS, _MAILBOX, _DOORS, _WORDS, _PLACES, _SPOILT),
    "P11": (
        "dispatcher/test_collecting.py::test_P11_a_link_in_outputs_is_named_in_a_warning_and_its_target_never_stored",
        _FOLDER,
    ),
    "P19": ("security/test_bad_inputs.py::test_P19_an_address_that_climbs_leads_nowhere",),
    "P22": ("server/test_carrying.py::test_P22_a_downloaded_file_has_a_plain_name",),
    "P23": ("security/test_bad_inputs.py::test_P23_P26_nothing_is_deleted_by_a_path",),
    "P24": ("security/test_bad_inputs.py::test_P24_a_workspace_is_an_id_never_a_path",),
    "P26": ("security/test_bad_inputs.py::test_P23_P26_nothing_is_deleted_by_a_path",),
    "P27": (_ARGUMENTS, _MODELS, _FOLDER, _LINKS, _SPOILT),
    "P30": (
        _ARGUMENTS,
        _DOORS,
        _PLACES,
        _LONGEST,
        "domain/test_names.py::test_a_file_name_that_is_no_plain_relative_path_is_refused",
    ),
    "P32": (_ARGUMENTS, "store/test_metrics.py::test_P32_a_name_like_a_path_is_only_a_name"),
    "P33": (
        "snapshots/test_restoring.py::test_P33_a_folder_that_becomes_a_link_meanwhile_leads_nowhere_else",
        _FOLDER,
        _LINKS,
    ),
    **{f"U{n}": (_MODELS,) for n in ("01", "02", "04")},
    "U05": (_FETCHED,),
    "U07": ("workspace/test_finding.py::test_an_address_that_is_no_folder_and_not_http_is_refused", _FETCHED),
    "U12": (
        "security/test_secrets.py::test_Z05_U12_a_value_is_told_on_an_explicit_question_only",
        "sdk/test_secrets.py::test_U12_a_secret_is_kept_as_it_is_written",
        _FIELDS,
    ),
    "U13": (
        "snapshots/test_git_facts.py::test_a_remote_is_kept_without_what_opens_it",
        "workspace/test_databases.py::test_a_password_is_never_written_down_wherever_it_is_given",
        _REQUIREMENTS,
    ),
    "Z02": ("snapshots/test_symbolic_links.py::test_Z02_a_link_to_a_key_is_neither_followed_nor_linked",),
    "Z03": (
        "security/test_secrets_stay.py::test_Z03_a_dispatcher_that_takes_a_run_up_again_masks_its_secrets_too",
        "security/test_secrets_stay.py::test_Z03_Z05_Z06_a_local_run_shows_its_secrets_to_nobody",
        "security/test_secrets_stay.py::test_Z03_Z05_Z06_a_container_shows_its_secrets_to_nobody",
    ),
    "Z05": (
        "security/test_secrets.py::test_Z05_U12_a_value_is_told_on_an_explicit_question_only",
        "security/test_secrets.py::test_Z05_Z06_values_of_a_submission_are_handed_over_and_kept_nowhere",
        "store/test_runs.py::test_Z05_values_of_variables_and_secrets_are_in_no_byte_of_the_database",
    ),
    "Z06": (
        "security/test_secrets.py::test_Z05_Z06_values_of_a_submission_are_handed_over_and_kept_nowhere",
        "security/test_secrets_stay.py::test_Z03_Z05_Z06_a_local_run_shows_its_secrets_to_nobody",
        "security/test_secrets_stay.py::test_Z03_Z05_Z06_a_container_shows_its_secrets_to_nobody",
    ),
    "Z08": (
        "security/test_secrets.py::test_Z08_the_token_is_in_no_answer_and_no_log",
        "services/test_archives.py::test_Z08_variables_that_look_secret_are_not_carried_and_are_asked_for_again",
    ),
    "A08": (_ARCHIVE, _IMPORT, _OFFLINE, _PACKAGE),
    **{f"A{n}": (_ARCHIVE, _IMPORT) for n in ("02", "05", "07", "14", "16", "17", "20", "23")},
    "A01": (
        _ARCHIVE,
        _IMPORT,
        _PACKAGE,
        "snapshots/test_archives.py::test_A01_is_refused_before_the_harmless_files_before_it_are_written",
    ),
    "A04": (_ARCHIVE, _OFFLINE, "snapshots/test_archives.py::test_A04_a_file_through_a_link_writes_nothing_outside"),
    "A10": ("api/test_parquet.py::test_A10_a_page_that_inflates_to_more_than_it_says_or_may_is_refused",),
    "A11": (
        _IMPORT,
        "snapshots/test_archives.py::test_A11_what_was_written_before_the_lie_is_removed_and_the_folder_stays",
    ),
    "A13": (
        "snapshots/test_archives.py::test_A13_a_million_files_are_refused_by_their_number_alone",
        "services/test_hostile_archives.py::test_A13_a_million_entries_are_refused_by_their_number_alone",
    ),
    "A19": ("snapshots/test_archives.py::test_A19_only_a_new_or_empty_folder_is_unpacked_into",),
    "A22": (
        _IMPORT,
        "services/test_carried_packages.py::test_bytes_that_were_changed_are_refused",
        "snapshots/test_restoring.py::test_A22_changed_bytes_stop_a_restore",
        "blobs/test_blob_store.py::test_A22_bytes_that_changed_are_never_given_out",
    ),
    **{f"X{n}": (_PANEL, _CARD) for n in ("01", "02", "05", "07", "08", "10", "11", "13", "16", "17", "19", "20")},
    "C01": (f"{_WALK}::test_C01_C04_a_cookie_without_the_xsrf_token_changes_nothing",),
    "C02": (f"{_WALK}::test_C02_a_simple_request_of_another_origin_changes_nothing",),
    "C04": (f"{_WALK}::test_C01_C04_a_cookie_without_the_xsrf_token_changes_nothing",),
    "C05": (f"{_WALK}::test_C05_a_page_without_an_origin_gets_nothing",),
    "C07": (f"{_WALK}::test_C07_another_host_name_gets_nothing",),
    "C10": (f"{_WALK}::test_C10_a_header_does_not_override_the_verb",),
    "C11": (_ARGUMENTS,),
    "N01": (f"{_WALK}::test_N01_nobody_without_credentials_gets_through_any_address",),
    "N02": (f"{_WALK}::test_N02_what_the_authorizer_denies_is_refused_at_every_address",),
    "N04": (f"{_WALK}::test_N02_the_authorizer_is_asked_what_the_declaration_says",),
    "N07": (f"{_WALK}::test_an_address_without_a_guard_would_stop_the_start",),
    "N08": (_MAILBOX, _IMPORT, _OFFLINE, _STRANGER),
    "N10": ("security/test_bad_inputs.py::test_N10_fields_that_are_not_asked_for_are_refused", _MAILBOX),
    "N14": (
        _FIELDS,
        "security/test_bad_inputs.py::test_N14_parameters_are_what_they_are_declared_to_be",
        _MAILBOX,
        _OFFLINE,
    ),
    "N16": (f"{_WALK}::test_N02_what_the_authorizer_denies_is_refused_at_every_address",),
    "D02": ("security/test_bad_inputs.py::test_D02_a_body_is_json_or_nothing",),
    "D05": ("api/test_parquet.py::test_D05_a_table_of_another_program_is_refused_and_nothing_in_it_is_run",),
    "D07": (_FIELDS,),
    "D08": (_ARGUMENTS, _DOORS),
    "D10": (
        "security/test_hostile_journals.py::test_D10_V01_V02_V08_damaged_journals_are_read_for_what_they_are_worth",
        _FOLDER,
        _RERUN,
    ),
    "K01": (_GIT,),
    "K02": (_GIT,),
    "K04": (_REQUIREMENTS,),
    "K05": (_IMAGES,),
    "K10": (_FETCHED,),
    "K11": ("security/test_bad_inputs.py::test_K11_our_own_variables_cannot_be_set",),
    "K13": ("magics/test_grammar.py::test_K13_a_shells_signs_are_plain_text",),
    "K14": ("agent/test_script.py::test_K14_arguments_arrive_byte_for_byte",),
    "O01": (_ARGUMENTS,),
    "O02": (_ARGUMENTS, "store/test_runs.py::test_V07_wildcards_in_a_search_are_only_characters"),
    "O04": ("security/test_bad_inputs.py::test_O04_fifty_million_characters_are_too_many", _MAILBOX),
    "O05": ("security/test_bad_inputs.py::test_O05_a_body_that_is_no_object", _MAILBOX, _RERUN),
    "O07": (
        "security/test_bad_inputs.py::test_O07_a_page_is_never_larger_than_a_page",
        "security/test_hostile_runs.py::test_O07_a_flood_of_requests_holds_up_neither_a_cancel_nor_another_run",
    ),
    "O10": ("agent/test_output.py::test_F21_a_line_without_end_is_no_burden", _FOLDER),
    "O11": (
        "server/test_carrying.py::test_the_next_piece_is_made_when_the_last_has_left",
        "services/test_archives.py::test_O11_readers_that_never_finish_do_not_fill_the_disk",
    ),
    "V01": (
        "store/test_metrics.py::test_V01_V02_F17_nan_and_infinities_come_back_and_minimum_and_maximum_leave_nan_out",
    ),
    "V02": (
        "store/test_metrics.py::test_V01_V02_F17_nan_and_infinities_come_back_and_minimum_and_maximum_leave_nan_out",
    ),
    "V04": (_FIELDS, _MAILBOX, _DOORS, _WORDS),
    "V05": (_FIELDS, _MAILBOX, _DOORS, _RERUN),
    "V07": (_ARGUMENTS, _DOORS),
    "V08": (
        _FOLDER,
        "security/test_hostile_journals.py::test_D10_V01_V02_V08_damaged_journals_are_read_for_what_they_are_worth",
    ),
    "V09": (_ARGUMENTS, _DOORS, _WORDS),
}

_OUTGOING = (("webhook", "datastore", "proxy"), "nothing here asks an address that a caller names")
_DATASTORES = (("datastore",), "there are no datastores")
_PREVIEWS = (("preview", "thumbnail"), "nothing shows the content of a file but of logged tables: it is downloaded")
_ENDPOINTS = (("endpoint", "score"), "no model is served")

# Id of the input to words that its addresses would have, and why nothing is there to be tested yet.
UNREACHED: dict[str, tuple[tuple[str, ...], str]] = {
    "U08": _DATASTORES,
    "U10": _DATASTORES,
    "U11": _DATASTORES,
    **{f"S{n}": _OUTGOING for n in ("01", "02", "04", "05", "07", "08", "10")},
    "S11": _ENDPOINTS,
    "S13": _ENDPOINTS,
    "X04": _PREVIEWS,
    "X14": (("csv",), "nothing is exported as CSV"),
    "C08": (("stream", "socket", "sse"), "no stream of ours: pages hear Jupyter's own events, which check the origin"),
    "N05": (("upload_id", "parts"), "an upload is one request"),
    "N11": (("listen", "bind"), "no listener of ours on a network: the dispatcher's socket is a file of mode 0600"),
    "N13": (("users", "roles"), "users and roles are the Jupyter server's"),
    "D01": _PREVIEWS,
    "D04": _PREVIEWS,
    "K07": (("system_packages",), "packages of the system come with the image"),
    "K08": (("ssh",), "the only target is the machine itself"),
    "O08": _PREVIEWS,
}

# Id of the input to the sentence of docs/threat-model.md that says what holds instead.
STATED: dict[str, str] = {}
