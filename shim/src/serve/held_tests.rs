use super::*;
use proptest::prelude::*;
use std::future::poll_fn;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// More than a connection takes whose client does not read.
const FLOOD: usize = 64 * 1024 * 1024;

/// A runtime whose workers send what is held only when they are told to.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A connection, and its client.
fn connection(runtime: &Runtime, all: &Arc<Held>) -> (Arc<Sending>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    server.set_nonblocking(true).unwrap();
    let (_, sending) = runtime.block_on(async {
        let server = tokio::net::TcpStream::from_std(server).unwrap();
        // The runtime has to hear that it is before anything can be sent.
        server.writable().await.unwrap();
        server.into_split()
    });
    (Sending::new(sending, Arc::clone(all)), client)
}

async fn write(sending: &Arc<Sending>, mut data: &[u8]) {
    while !data.is_empty() {
        let size = poll_fn(|context| sending.poll_write(context, &[IoSlice::new(data)])).await;
        data = &data[size.unwrap()..];
    }
}

async fn flush(sending: &Sending) {
    poll_fn(|context| sending.poll_flush(context))
        .await
        .unwrap();
}

/// What has come without waiting for more.
fn arrived(client: &mut TcpStream) -> Vec<u8> {
    client.set_nonblocking(true).unwrap();
    let mut data = [0; 64];
    let size = client.read(&mut data).unwrap_or_default();
    client.set_nonblocking(false).unwrap();
    data[..size].to_vec()
}

fn text(client: &mut TcpStream, size: usize) -> String {
    let mut data = vec![0; size];
    client.read_exact(&mut data).unwrap();
    String::from_utf8(data).unwrap()
}

#[test]
fn what_is_held_goes_out_when_all_is_sent() {
    let (runtime, all) = (runtime(), Arc::default());
    let (first, mut first_client) = connection(&runtime, &all);
    let (second, mut second_client) = connection(&runtime, &all);
    runtime.block_on(async {
        for (sending, data) in [(&first, "one"), (&second, "two"), (&first, ",three")] {
            sending.hold(true);
            write(sending, data.as_bytes()).await;
            flush(sending).await;
            sending.hold(false);
        }
    });
    assert_eq!(arrived(&mut first_client), b"");
    assert_eq!(arrived(&mut second_client), b"");
    all.send();
    assert_eq!(text(&mut first_client, 9), "one,three");
    assert_eq!(text(&mut second_client, 3), "two");
    assert!(!all.any.load(Ordering::SeqCst));
}

#[test]
fn what_is_held_goes_out_when_it_has_waited_for_long_enough() {
    let (runtime, all) = (runtime(), Arc::default());
    let (sending, mut client) = connection(&runtime, &all);
    sending.hold(true);
    runtime.block_on(write(&sending, b"one"));
    let held = lock(&all.queue).since.unwrap();
    while held.elapsed() < LONGEST {
        std::thread::yield_now();
    }
    all.send_overdue();
    assert_eq!(text(&mut client, 3), "one");
}

#[test]
fn what_is_held_goes_out_before_what_is_not() {
    let (runtime, all) = (runtime(), Arc::default());
    let long = "x".repeat(MOST + 1);
    for ending in ["long", "flush", "write", "shutdown"] {
        let (sending, mut client) = connection(&runtime, &all);
        runtime.block_on(async {
            sending.hold(true);
            write(&sending, b"one").await;
            sending.hold(ending == "long");
            match ending {
                "flush" => flush(&sending).await,
                "write" => write(&sending, b",two").await,
                "long" => write(&sending, long.as_bytes()).await,
                _ => {
                    let ended = poll_fn(|context| sending.poll_shutdown(context)).await;
                    ended.unwrap();
                }
            }
        });
        let expected = match ending {
            "write" => "one,two".to_owned(),
            "long" => format!("one{long}"),
            _ => "one".to_owned(),
        };
        assert_eq!(text(&mut client, expected.len()), expected, "{ending}");
    }
}

#[test]
fn a_client_that_takes_nothing_gets_all_of_it_later() {
    let (runtime, all) = (runtime(), Arc::<Held>::default());
    let (sending, mut client) = connection(&runtime, &all);
    let reader = runtime.block_on(async {
        let flood = vec![b'x'; 64 * 1024];
        let mut before = 0;
        let full = async {
            while before < FLOOD {
                write(&sending, &flood).await;
                before += flood.len();
            }
        };
        // Something of the last piece may have been taken.
        let pause = std::time::Duration::from_millis(200);
        assert!(tokio::time::timeout(pause, full).await.is_err());
        sending.hold(true);
        write(&sending, b"held").await;
        sending.hold(false);
        all.send();
        let reader = std::thread::spawn(move || {
            let mut data = Vec::new();
            client.read_to_end(&mut data).unwrap();
            data
        });
        // Woken as soon as there is room.
        flush(&sending).await;
        poll_fn(|context| sending.poll_shutdown(context))
            .await
            .unwrap();
        reader
    });
    let data = reader.join().unwrap();
    assert!(data.len() > 4 && data.ends_with(b"xheld"));
}

#[test]
fn whoever_wrote_for_a_client_that_takes_nothing_is_woken() {
    struct Woken(std::sync::mpsc::Sender<()>);
    impl std::task::Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.send(()).unwrap();
        }
    }
    let (runtime, all) = (runtime(), Arc::<Held>::default());
    let (sending, _client) = connection(&runtime, &all);
    let _runtime = runtime.enter();
    let (sender, woken) = std::sync::mpsc::channel();
    let waker = Waker::from(Arc::new(Woken(sender)));
    let mut context = Context::from_waker(&waker);
    let flood = vec![b'x'; FLOOD];
    sending.hold(true);
    assert!(
        sending
            .poll_write(&mut context, &[IoSlice::new(b"held")])
            .is_ready()
    );
    // Behind its back, so that what is held does not fit in.
    let state = lock(&sending.state);
    let mut left = &flood[..];
    runtime
        .block_on(state.stream.as_ref().unwrap().writable())
        .unwrap();
    while let Ok(size) = state.stream.as_ref().unwrap().try_write(left) {
        left = &left[size..];
    }
    drop(state);
    assert!(woken.try_recv().is_err());
    all.send();
    woken.recv().unwrap();
}

#[test]
fn the_end_of_a_connection_comes_behind_what_is_held() {
    let (runtime, all) = (runtime(), Arc::<Held>::default());
    let (sending, mut client) = connection(&runtime, &all);
    sending.hold(true);
    runtime.block_on(write(&sending, b"held"));
    sending.end();
    let mut data = String::new();
    client.read_to_string(&mut data).unwrap();
    assert_eq!(data, "held");
    all.send();
}

#[test]
fn whoever_wrote_is_forgotten_when_it_is_sent_or_the_connection_has_ended() {
    struct Writer;
    impl std::task::Wake for Writer {
        fn wake(self: Arc<Self>) {}
    }
    let (runtime, all) = (runtime(), Arc::<Held>::default());
    for ends in [false, true] {
        let (sending, mut client) = connection(&runtime, &all);
        let writer = Arc::new(Writer);
        let waker = Waker::from(Arc::clone(&writer));
        sending.hold(true);
        let mut context = Context::from_waker(&waker);
        let written = sending.poll_write(&mut context, &[IoSlice::new(b"held")]);
        assert!(written.is_ready());
        if ends {
            sending.end();
        } else {
            all.send();
        }
        assert_eq!(text(&mut client, 4), "held");
        drop(waker);
        assert_eq!(Arc::strong_count(&writer), 1);
    }
    all.send();
}

#[test]
fn a_connection_keeps_no_memory_of_long_answers() {
    let (runtime, all) = (runtime(), Arc::<Held>::default());
    let (sending, mut client) = connection(&runtime, &all);
    for (size, kept) in [(KEPT, true), (MOST, false)] {
        sending.hold(true);
        runtime.block_on(write(&sending, &vec![b'x'; size]));
        all.send();
        text(&mut client, size);
        assert_eq!(lock(&sending.state).bytes.capacity() > 0, kept);
    }
}

#[derive(Clone, Debug)]
enum Step {
    Hold(bool),
    Write(usize),
    Flush,
    Send,
    Overdue,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        any::<bool>().prop_map(Step::Hold),
        (0..MOST * 2).prop_map(Step::Write),
        (0usize..300).prop_map(Step::Write),
        Just(Step::Flush),
        Just(Step::Send),
        Just(Step::Overdue),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_held_the_client_gets_all_in_order(
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let (runtime, all) = (runtime(), Arc::<Held>::default());
        let (sending, mut client) = connection(&runtime, &all);
        let reader = std::thread::spawn(move || {
            let mut data = Vec::new();
            client.read_to_end(&mut data).unwrap();
            data
        });
        let mut expected = Vec::new();
        runtime.block_on(async {
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Hold(holds) => sending.hold(holds),
                    Step::Write(size) => {
                        let data = vec![number as u8; size];
                        write(&sending, &data).await;
                        expected.extend(data);
                    }
                    Step::Flush => flush(&sending).await,
                    Step::Send => all.send(),
                    Step::Overdue => all.send_overdue(),
                }
            }
            poll_fn(|context| sending.poll_shutdown(context)).await.unwrap();
        });
        prop_assert!(reader.join().unwrap() == expected);
    }
}
