//! `--strict`: what this host only approximates. `docs/fidelity.md` says how; a test compares.

use super::plan::Case;
use super::runner::Recorded;
use crate::codes;
use crate::error::Error;

/// Server variables whose value IIS would know better, unless a request sets them.
pub(super) const VARIABLES: [&str; 17] = [
    "APPL_MD_PATH",
    "APP_POOL_CONFIG",
    "APP_POOL_ID",
    "AUTH_PASSWORD",
    "AUTH_TYPE",
    "AUTH_USER",
    "CACHE_URL",
    "FORWARDED_URL",
    "INSTANCE_ID",
    "INSTANCE_META_PATH",
    "INSTANCE_NAME",
    "LOGON_USER",
    "MANAGED_PIPELINE_MODE",
    "ORIGINAL_URL",
    "REMOTE_USER",
    "REQUEST_FLAGS",
    "UNMAPPED_REMOTE_USER",
];

/// Requests of `ServerSupportFunction` that are answered in part, or refused.
pub(super) const REQUESTS: [&str; 29] = [
    "HSE_REQ_SEND_URL_REDIRECT_RESP",
    "HSE_REQ_SEND_URL",
    "HSE_REQ_GET_SSPI_INFO",
    "HSE_REQ_TRANSMIT_FILE",
    "HSE_REQ_REFRESH_ISAPI_ACL",
    "HSE_REQ_GET_IMPERSONATION_TOKEN",
    "HSE_REQ_MAP_URL_TO_PATH_EX",
    "HSE_REQ_CLOSE_CONNECTION",
    "HSE_REQ_IS_CONNECTED",
    "HSE_REQ_EXTENSION_TRIGGER",
    "HSE_REQ_MAP_UNICODE_URL_TO_PATH_EX",
    "HSE_REQ_EXEC_UNICODE_URL",
    "HSE_REQ_EXEC_URL",
    "HSE_REQ_GET_EXEC_URL_STATUS",
    "HSE_REQ_SEND_CUSTOM_ERROR",
    "HSE_REQ_REPORT_UNHEALTHY",
    "HSE_REQ_NORMALIZE_URL",
    "HSE_REQ_VECTOR_SEND",
    "HSE_REQ_GET_ANONYMOUS_TOKEN",
    "HSE_REQ_GET_CACHE_INVALIDATION_CALLBACK",
    "HSE_REQ_GET_UNICODE_ANONYMOUS_TOKEN",
    "HSE_REQ_GET_TRACE_INFO",
    "HSE_REQ_GET_TRACE_INFO_EX",
    "HSE_REQ_RAISE_TRACE_EVENT",
    "HSE_REQ_GET_CONFIG_OBJECT",
    "HSE_REQ_GET_WORKER_PROCESS_SETTINGS",
    "HSE_REQ_GET_PROTOCOL_MANAGER_CUSTOM_INTERFACE_CALLBACK",
    "HSE_REQ_CANCEL_IO",
    "HSE_REQ_GET_CHANNEL_BINDING_TOKEN",
];

/// What an answer was made with that is not as in IIS.
pub(super) fn violation(case: &Case, answer: &Recorded) -> Option<Error> {
    if case.fault.is_some() {
        // What goes wrong on purpose is reported, too.
        return None;
    }
    let mut what = Vec::new();
    for call in &answer.calls {
        let mut words = call.split(' ');
        let (function, argument) = (words.next(), words.next().unwrap_or_default());
        let argument = argument.strip_prefix("UNICODE_").unwrap_or(argument);
        let approximated = match function {
            Some("GetServerVariable") => {
                let name = argument.to_ascii_uppercase();
                let given = case.request.server_vars.iter().any(|(n, _)| *n == name);
                !given && VARIABLES.contains(&&*name)
            }
            Some("ServerSupportFunction") => REQUESTS.contains(&argument),
            _ => false,
        };
        let text = format!("{argument} is not as in IIS");
        if approximated && !what.contains(&text) {
            what.push(text);
        }
    }
    // What the host said aloud about the extension.
    let reports = answer
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("isapi-shim: ISH05"));
    what.extend(reports.map(|report| format!("ISH05{report}")));
    (!what.is_empty()).then(|| {
        Error::new(codes::STRICT, what.join("; "))
            .fix("docs/fidelity.md has the details; `# @server-var` gives a variable its value")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_tables_are_those_of_the_documentation() {
        let text = include_str!("../../../docs/fidelity.md");
        let mut documented = BTreeSet::new();
        let tables = ["\n## Server variables\n", "\n## ServerSupportFunction\n"].map(|title| {
            let behind = text.split(title).nth(1).expect(title);
            behind.split("\n## ").next().unwrap_or_default()
        });
        let rows = tables.iter().flat_map(|table| table.lines());
        for row in rows.filter(|line| line.starts_with("| ")) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            // Variables have their state in the second column, requests in the third.
            let state = if cells[1].starts_with('`') {
                cells[2]
            } else {
                cells[3]
            };
            if state == "approximated" || state == "refused" {
                let named = if cells[1].starts_with('`') {
                    cells[1]
                } else {
                    cells[2]
                };
                let names = named.split('`').filter(|n| n.contains('_'));
                documented.extend(names.map(str::to_owned));
            }
        }
        let ours = VARIABLES.iter().chain(&REQUESTS).map(|n| (*n).to_owned());
        assert_eq!(ours.collect::<BTreeSet<_>>(), documented);
    }
}
