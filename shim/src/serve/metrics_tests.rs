use super::*;

/// One process's, and what it counts.
fn metrics() -> (Metrics, Counts) {
    let started = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_447_247_123);
    let counts = Counts::own();
    (Metrics::new(512, started, vec![counts], None, true), counts)
}

fn outcome(status: u16, sent: u64) -> Outcome {
    Outcome {
        status,
        sent,
        ..Outcome::default()
    }
}

/// A line's value; `None`: there is no such line.
fn value(metrics: &Metrics, series: &str) -> Option<String> {
    let text = metrics.text();
    let of = |line: &str| Some(line.strip_prefix(series)?.strip_prefix(' ')?.to_owned());
    text.lines().find_map(of)
}

#[test]
fn the_text_looks_like_this() {
    let (metrics, counts) = metrics();
    let _open = counts.connected();
    drop(counts.connected());
    counts.took(Duration::from_micros(1));
    counts.took(Duration::from_micros(500));
    counts.took(Duration::from_micros(501));
    counts.took(Duration::from_secs(61));
    let _waits = counts.arrived("GET", Instant::now());
    let mut works = counts.arrived("POST", Instant::now());
    works.begun();
    // As if these had ended; a real end would bring the time that it took into the text.
    for (method, code) in [(0, 200), (0, 404), (2, 200), (9, 0)] {
        counts.add(method * CODES + code, 1);
    }
    counts.add(SENT, 12);
    counts.add(WAITS, 1_234_567_890);
    counts.add(RELOADS, 3);
    let text = metrics.text();
    // Where there is a value, it is another one each time.
    let plain = |line: &&str| !line.contains("process_resident_memory_bytes");
    let text: Vec<&str> = text.lines().filter(plain).collect();
    insta::assert_snapshot!("metrics", text.join("\n"));
}

#[test]
fn a_request_is_in_the_queue_then_busy_then_counted() {
    let (metrics, counts) = metrics();
    let seen = || {
        ["isapi_shim_queue", "isapi_shim_threads_busy"].map(|name| value(&metrics, name).unwrap())
    };
    let mut request = counts.arrived("GET", Instant::now());
    assert_eq!(seen(), ["1", "0"]);
    request.begun();
    assert_eq!(seen(), ["0", "1"]);
    request.ended(&outcome(200, 7));
    assert_eq!(seen(), ["0", "0"]);
    for (series, expected) in [
        (
            "isapi_shim_requests_total{code=\"200\",method=\"GET\"}",
            "1",
        ),
        ("isapi_shim_request_duration_seconds_count", "1"),
        ("isapi_shim_response_bytes_total", "7"),
    ] {
        assert_eq!(
            value(&metrics, series).as_deref(),
            Some(expected),
            "{series}"
        );
    }
}

#[test]
fn a_request_that_no_thread_took_is_not_counted() {
    let (metrics, counts) = metrics();
    drop(counts.arrived("GET", Instant::now()));
    assert_eq!(value(&metrics, "isapi_shim_queue").as_deref(), Some("0"));
    let count = value(&metrics, "isapi_shim_request_duration_seconds_count");
    assert_eq!(count.as_deref(), Some("0"));
}

#[test]
fn a_panic_counts_as_a_request_without_a_response() {
    let (metrics, counts) = metrics();
    let mut request = counts.arrived("GET", Instant::now());
    request.begun();
    drop(request);
    let series = "isapi_shim_requests_total{code=\"none\",method=\"GET\"}";
    assert_eq!(value(&metrics, series).as_deref(), Some("1"));
}

#[test]
fn methods_that_clients_make_up_share_one_value() {
    let (metrics, counts) = metrics();
    for method in ["BREW", "get", "\"}\n"] {
        let mut request = counts.arrived(method, Instant::now());
        request.begun();
        request.ended(&outcome(405, 0));
    }
    let series = "isapi_shim_requests_total{code=\"405\",method=\"other\"}";
    assert_eq!(value(&metrics, series).as_deref(), Some("3"));
}

#[test]
fn each_bucket_holds_what_took_at_most_its_bound() {
    for (index, (bound, label)) in BUCKETS.iter().enumerate() {
        let seconds: f64 = label.parse().unwrap();
        assert_eq!((seconds * 1e6).round() as u64, *bound);
        let (metrics, counts) = metrics();
        counts.took(Duration::from_micros(*bound));
        counts.took(Duration::from_micros(*bound + 1));
        assert_eq!(metrics.sum(BUCKETS_AT + index), 1, "{label}");
        assert_eq!(metrics.sum(BUCKETS_AT + index + 1), 1, "{label}");
    }
}

#[test]
#[cfg(unix)]
fn the_text_of_several_processes_has_their_sums_and_survives_them() {
    let started = SystemTime::UNIX_EPOCH;
    let (one, other) = (Counts::own(), Counts::own());
    let restarts = Arc::new(AtomicU64::new(0));
    let metrics = Metrics::new(
        6,
        started,
        vec![one, other],
        Some(Arc::clone(&restarts)),
        true,
    );
    one.takes(true);
    other.takes(true);
    for counts in [one, one, other] {
        let mut request = counts.arrived("GET", Instant::now());
        request.begun();
        request.ended(&outcome(200, 5));
    }
    let _lost = (one.connected(), one.arrived("GET", Instant::now()));
    let mut also_lost = one.arrived("GET", Instant::now());
    also_lost.begun();
    let ok = "isapi_shim_requests_total{code=\"200\",method=\"GET\"}";
    let seen = |series: &str| value(&metrics, series).expect("a series");
    assert_eq!(
        (seen(ok), seen("isapi_shim_requests_in_progress")),
        ("3".into(), "2".into())
    );
    assert_eq!((one.taken(), other.taken()), (Some(1), Some(0)));
    one.forsaken();
    assert_eq!(one.taken(), None);
    restarts.fetch_add(1, Relaxed);
    for (series, expected) in [
        (ok, "3"),
        ("isapi_shim_request_duration_seconds_count", "3"),
        ("isapi_shim_response_bytes_total", "15"),
        ("isapi_shim_requests_in_progress", "0"),
        ("isapi_shim_threads_busy", "0"),
        ("isapi_shim_threads_max", "6"),
        ("isapi_shim_connections_open", "0"),
        ("isapi_shim_connections_total", "1"),
        ("isapi_shim_workers", "1"),
        ("isapi_shim_worker_restarts_total", "1"),
    ] {
        assert_eq!(seen(series), expected, "{series}");
    }
    std::mem::forget((_lost, also_lost));
}

#[test]
fn resident_memory_is_read_from_the_status_of_linux() {
    let status = "VmPeak:\t  99 kB\nVmRSS:\t   1234 kB\nThreads:\t1\n";
    assert_eq!(kilobytes(status), Some(1234 * 1024));
    assert_eq!(kilobytes("VmRSS:\tmany kB\n"), None);
    assert_eq!(kilobytes(""), None);
}
