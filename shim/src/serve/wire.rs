//! A connection, which can be driven by its task, and by a script that waits for its client.
//!
//! hyper asks for the answer to a request while it is being polled. A quick script is not called
//! there but as soon as the poll is over, on the same thread: so whatever the script sends can go
//! out at once, by polling the connection from inside the call.
//!
//! The connection is polled again behind each call. So whatever wakes it during a call, as the
//! call's own answer does, need not wake the task as well.

use super::body::Fetches;
use super::held::Sending;
use super::lock;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::ThreadId;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// So many quick calls in a row, of a client that does not wait for answers; then others have
/// their turn.
const CALLS_IN_A_ROW: usize = 16;

type Connection = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is done between two polls. Whether the answer may be held (`held`).
pub(super) type Job = Box<dyn FnOnce() -> bool + Send>;

/// See the module.
pub(super) struct Wire {
    sending: Arc<Sending>,
    /// `None` when it has ended.
    connection: Mutex<Option<Connection>>,
    work: Mutex<Work>,
    task: Mutex<Task>,
    /// Since when a request's head is awaited; `None` while a request is being answered.
    idle: Mutex<Option<Instant>>,
    fetches: Fetches,
}

#[derive(Default)]
struct Work {
    job: Option<Job>,
    /// The task has ended: nobody does jobs.
    ended: bool,
}

/// What polls the connection.
#[derive(Default)]
struct Task {
    own: Option<Waker>,
    /// The thread on which the connection's own task is inside a call.
    calls: Option<ThreadId>,
    /// See [`Wire::help`].
    helper: Option<Waker>,
}

/// Waits on a thread that may be one of the runtime's own.
pub(super) fn block_on<T>(handle: &Handle, future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| handle.block_on(future))
}

/// A request that is being answered, until dropped; then the next one's head is awaited.
pub(super) struct Answering(Arc<Wire>);

impl Drop for Answering {
    fn drop(&mut self) {
        *lock(&self.0.idle) = Some(Instant::now());
    }
}

impl Wake for Wire {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let task = lock(&self.task);
        let waker = match task.calls {
            None => &task.own,
            // The call polls by itself; and whatever is woken from its thread waits for its end.
            Some(caller) if caller == std::thread::current().id() => return,
            Some(_) => &task.helper,
        };
        if let Some(waker) = waker {
            waker.wake_by_ref();
        }
    }
}

impl Wire {
    /// A connection that is not attached yet.
    pub(super) fn new(sending: Arc<Sending>) -> Arc<Self> {
        Arc::new(Self {
            sending,
            connection: Mutex::default(),
            work: Mutex::default(),
            task: Mutex::default(),
            idle: Mutex::default(),
            fetches: Fetches::default(),
        })
    }

    /// Gives it the connection.
    pub(super) fn attach(&self, connection: impl Future<Output = ()> + Send + 'static) {
        *lock(&self.connection) = Some(Box::pin(connection));
    }

    /// A request's head has come.
    pub(super) fn answering(self: &Arc<Self>) -> Answering {
        *lock(&self.idle) = None;
        Answering(Arc::clone(self))
    }

    /// The task is inside a call, and does no jobs until that has ended.
    pub(super) fn is_calling(&self) -> bool {
        lock(&self.task).calls.is_some()
    }

    /// The bodies of its requests that are not done with.
    pub(super) fn fetches(&self) -> &Fetches {
        &self.fetches
    }

    /// Leaves a job for the task, to be done when the poll that is under way is over.
    pub(super) fn leave_job(&self, job: Job) {
        lock(&self.work).job = Some(job);
    }

    /// Leaves a job at any time. One whose client has gone meanwhile is done here.
    pub(super) fn leave_job_and_wake(&self, job: Job) {
        let mut work = lock(&self.work);
        if work.ended {
            drop(work);
            job();
            return;
        }
        work.job = Some(job);
        drop(work);
        if let Some(own) = &lock(&self.task).own {
            own.wake_by_ref();
        }
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut connection = lock(&self.connection);
        let Some(future) = connection.as_mut() else {
            return Poll::Ready(());
        };
        let ended = future.as_mut().poll(context);
        if ended.is_ready() {
            // It refers to this in turn.
            *connection = None;
        }
        ended
    }

    /// Drives the connection to its end, and does the jobs that are left in between. A client that
    /// takes longer than `head_timeout` for a request's head is given up.
    pub(super) async fn drive(self: Arc<Self>, head_timeout: Duration) {
        *lock(&self.idle) = Some(Instant::now());
        // One for the connection's life, and not one for each request.
        let mut timer = pin!(tokio::time::sleep(head_timeout));
        let mut timer_knows_task = false;
        poll_fn(|context| {
            if self.work(context).is_ready() {
                return Poll::Ready(());
            }
            if timer_knows_task && !timer.is_elapsed() {
                return Poll::Pending;
            }
            timer_knows_task = true;
            while timer.as_mut().poll(context).is_ready() {
                let since = lock(&self.idle).unwrap_or_else(Instant::now);
                if since.elapsed() >= head_timeout {
                    *lock(&self.connection) = None;
                    return Poll::Ready(());
                }
                timer.as_mut().reset((since + head_timeout).into());
            }
            Poll::Pending
        })
        .await;
        let last = {
            let mut work = lock(&self.work);
            work.ended = true;
            work.job.take()
        };
        // The client has gone; the request counts all the same.
        if let Some(job) = last {
            job();
        }
    }

    fn work(self: &Arc<Self>, context: &mut Context<'_>) -> Poll<()> {
        self.sending.all().send_overdue();
        {
            let mut task = lock(&self.task);
            let own = task.own.as_ref();
            // A task keeps its waker, and most connections have many calls.
            if !own.is_some_and(|own| own.will_wake(context.waker())) {
                task.own = Some(context.waker().clone());
            }
        }
        let waker = Waker::from(Arc::clone(self));
        let mut holds = false;
        for _ in 0..CALLS_IN_A_ROW {
            self.sending.hold(holds);
            let ended = self.poll(&mut Context::from_waker(&waker));
            self.sending.hold(false);
            if ended.is_ready() {
                return Poll::Ready(());
            }
            let Some(job) = lock(&self.work).job.take() else {
                return Poll::Pending;
            };
            lock(&self.task).calls = Some(std::thread::current().id());
            holds = job();
            let mut task = lock(&self.task);
            task.calls = None;
            if let Some(helper) = task.helper.take() {
                helper.wake();
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Sends what can be sent at once, and hears whether the client has gone. From inside a call.
    pub(super) fn nudge(self: &Arc<Self>) {
        let waker = Waker::from(Arc::clone(self));
        let _ended = self.poll(&mut Context::from_waker(&waker));
    }

    /// Drives the connection until `done` is. Blocks. From inside a call.
    pub(super) fn drive_until<T>(
        self: &Arc<Self>,
        handle: &Handle,
        done: impl Future<Output = T>,
    ) -> T {
        let mut done = pin!(done);
        let result = block_on(
            handle,
            poll_fn(|context| {
                // One that has ended lets go of whatever `done` waits for.
                let _ended = self.poll(context);
                done.as_mut().poll(context)
            }),
        );
        // It knows the waker of this wait only.
        self.nudge();
        result
    }

    /// Drives the connection while its own task is inside a call that takes long.
    pub(super) async fn help(self: &Arc<Self>) {
        poll_fn(|context| {
            let mut task = lock(&self.task);
            if task.calls.is_none() {
                // The connection may know this task only; its own one has to look again.
                if let Some(own) = &task.own {
                    own.wake_by_ref();
                }
                return Poll::Ready(());
            }
            task.helper = Some(context.waker().clone());
            drop(task);
            self.poll(&mut Context::from_waker(&Waker::from(Arc::clone(self))))
        })
        .await;
    }
}
