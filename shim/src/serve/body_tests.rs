use super::*;
use std::sync::atomic::AtomicUsize;
use std::task::Wake;

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

const LONG: Duration = Duration::from_secs(60);

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

#[test]
fn what_has_come_is_read_in_order_and_before_its_error_is_told() {
    let arrived = Arrived::default();
    for piece in ["abc", "d", "ef"] {
        arrived.add(bytes(piece));
    }
    arrived.end(Err(Win32Error::WSAECONNRESET));
    let mut buffer = [0; 4];
    assert_eq!(
        (arrived.take(&mut buffer[..2], LONG), &buffer[..2]),
        (Ok(2), &b"ab"[..])
    );
    assert_eq!(
        (arrived.take(&mut buffer, LONG), &buffer[..4]),
        (Ok(4), &b"cdef"[..])
    );
    for _ in 0..2 {
        let error = Err(Win32Error::WSAECONNRESET);
        assert_eq!(arrived.take(&mut buffer, LONG), error);
    }
}

#[test]
fn a_body_that_has_ended_stays_at_its_end() {
    let arrived = Arrived::default();
    arrived.end(Ok(()));
    arrived.end(Err(Win32Error::WSAECONNRESET));
    assert_eq!(arrived.take(&mut [0; 2], LONG), Ok(0));
    assert_eq!(arrived.take(&mut [0; 2], LONG), Ok(0));
}

#[test]
fn nothing_is_fetched_unless_a_thread_waits() {
    let (arrived, woken) = (Arc::<Arrived>::default(), Arc::<Woken>::default());
    let waker = Waker::from(Arc::clone(&woken));
    assert_eq!(arrived.next(&waker), Next::Wait);
    let reader = reader(&arrived);
    assert_eq!(woken.0.load(Ordering::SeqCst), 1);
    assert_eq!(arrived.next(&waker), Next::Fetch);
    arrived.add(bytes("ab"));
    assert_eq!(arrived.next(&waker), Next::Fetch);
    assert!(arrived.holds_back());
    arrived.tell_now();
    assert_eq!(arrived.next(&waker), Next::Wait);
    assert_eq!(reader.join().unwrap(), Ok(1));
    // The other byte is at hand.
    assert_eq!(arrived.take(&mut [0; 1], LONG), Ok(1));
    assert_eq!(arrived.next(&waker), Next::Wait);
}

/// A thread that waits for one byte.
fn reader(arrived: &Arc<Arrived>) -> std::thread::JoinHandle<Result<usize, Win32Error>> {
    let reading = Arc::clone(arrived);
    let reader = std::thread::spawn(move || reading.take(&mut [0; 1], LONG));
    while !lock(&arrived.state).awaited {
        std::thread::yield_now();
    }
    reader
}

#[test]
fn a_thread_that_waits_is_told_of_enough_bytes_and_of_the_end() {
    let arrived = Arc::<Arrived>::default();
    let waiting = reader(&arrived);
    arrived.add(vec![0; ENOUGH].into());
    assert_eq!(waiting.join().unwrap(), Ok(1));
    let arrived = Arc::<Arrived>::default();
    let waiting = reader(&arrived);
    arrived.end(Ok(()));
    assert_eq!(waiting.join().unwrap(), Ok(0));
    let arrived = Arc::<Arrived>::default();
    let waiting = reader(&arrived);
    drop(Ends(Arc::clone(&arrived)));
    assert_eq!(waiting.join().unwrap(), Err(Win32Error::WSAECONNRESET));
}

#[test]
fn a_silent_client_is_waited_for_and_may_speak_later() {
    let arrived = Arrived::default();
    let soon = Duration::from_millis(5);
    let error = Err(Win32Error::OPERATION_ABORTED);
    assert_eq!(arrived.take(&mut [0; 2], soon), error);
    assert_eq!(arrived.next(Waker::noop()), Next::Wait);
    arrived.add(bytes("ab"));
    assert_eq!(arrived.take(&mut [0; 2], soon), Ok(2));
}

#[test]
fn a_body_that_nobody_reads_any_more_is_let_go_of() {
    let (arrived, woken) = (Arrived::default(), Arc::<Woken>::default());
    let waker = Waker::from(Arc::clone(&woken));
    assert_eq!(arrived.next(&waker), Next::Wait);
    arrived.close();
    assert_eq!(woken.0.load(Ordering::SeqCst), 1);
    assert_eq!(arrived.next(&waker), Next::Stop);
}

#[test]
fn bodies_that_are_fetched_are_counted() {
    let fetches = Fetches::default();
    assert!(!fetches.any());
    let counted = fetches.clone();
    assert!(fetches.any());
    drop(counted);
    assert!(!fetches.any());
}
