use super::*;

fn metrics() -> Arc<Metrics> {
    let started = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_447_247_123);
    Arc::new(Metrics::new(512, started))
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
    let metrics = metrics();
    let _open = metrics.connected();
    drop(metrics.connected());
    metrics.took(Duration::from_micros(1));
    metrics.took(Duration::from_micros(500));
    metrics.took(Duration::from_micros(501));
    metrics.took(Duration::from_secs(61));
    let _waits = metrics.arrived("GET", Instant::now());
    let mut works = metrics.arrived("POST", Instant::now());
    works.begun();
    // As if these had ended; a real end would bring the time that it took into the text.
    for (method, code) in [(0, 200), (0, 404), (2, 200), (9, 0)] {
        metrics.requests[method * CODES + code].fetch_add(1, Relaxed);
    }
    metrics.sent.fetch_add(12, Relaxed);
    let text = metrics.text();
    // Where there is a value, it is another one each time.
    let plain = |line: &&str| !line.contains("process_resident_memory_bytes");
    let text: Vec<&str> = text.lines().filter(plain).collect();
    insta::assert_snapshot!("metrics", text.join("\n"));
}

#[test]
fn a_request_is_in_the_queue_then_busy_then_counted() {
    let metrics = metrics();
    let seen = || {
        ["isapi_shim_queue", "isapi_shim_threads_busy"].map(|name| value(&metrics, name).unwrap())
    };
    let mut request = metrics.arrived("GET", Instant::now());
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
    let metrics = metrics();
    drop(metrics.arrived("GET", Instant::now()));
    assert_eq!(value(&metrics, "isapi_shim_queue").as_deref(), Some("0"));
    let count = value(&metrics, "isapi_shim_request_duration_seconds_count");
    assert_eq!(count.as_deref(), Some("0"));
}

#[test]
fn a_panic_counts_as_a_request_without_a_response() {
    let metrics = metrics();
    let mut request = metrics.arrived("GET", Instant::now());
    request.begun();
    drop(request);
    let series = "isapi_shim_requests_total{code=\"none\",method=\"GET\"}";
    assert_eq!(value(&metrics, series).as_deref(), Some("1"));
}

#[test]
fn methods_that_clients_make_up_share_one_value() {
    let metrics = metrics();
    for method in ["BREW", "get", "\"}\n"] {
        let mut request = metrics.arrived(method, Instant::now());
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
        let metrics = metrics();
        metrics.took(Duration::from_micros(*bound));
        metrics.took(Duration::from_micros(*bound + 1));
        assert_eq!(metrics.buckets[index].load(Relaxed), 1, "{label}");
        assert_eq!(metrics.buckets[index + 1].load(Relaxed), 1, "{label}");
    }
}

#[test]
fn resident_memory_is_read_from_the_status_of_linux() {
    let status = "VmPeak:\t  99 kB\nVmRSS:\t   1234 kB\nThreads:\t1\n";
    assert_eq!(kilobytes(status), Some(1234 * 1024));
    assert_eq!(kilobytes("VmRSS:\tmany kB\n"), None);
    assert_eq!(kilobytes(""), None);
}
