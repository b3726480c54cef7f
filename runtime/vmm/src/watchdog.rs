//! Stops a guest whose time is up: a timer per thread sends that thread a signal, which ends `KVM_RUN`.
//!
//! A signal that comes just before `KVM_RUN` would be lost; so its handler sets `immediate_exit`, which KVM checks after
//! it has disabled delivery (KVM API, 5., `kvm_run`). The handler does nothing else, and nothing at all in a thread
//! that runs no guest. Other threads never see the signal, and system calls of this one are restarted.

use libc::{c_int, c_void, siginfo_t, sigset_t, timer_t};
use std::cell::RefCell;
use std::io;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null_mut};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU8, Ordering};
use std::time::Duration;

/// Why time cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WatchdogError {
    /// Every real-time signal has a handler already.
    #[error("every real-time signal has a handler already")]
    NoSignal,
    /// The system refused a call.
    #[error("{call}: {}", io::Error::from_raw_os_error(*.errno))]
    System {
        /// The call.
        call: &'static str,
        /// Its error.
        errno: i32,
    },
    /// The thread is ending.
    #[error("the thread is ending")]
    Ending,
}

/// No budget is longer, since the system's clocks end somewhere.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

thread_local! {
    /// The `immediate_exit` of the guest that this thread runs. It has no destructor and needs no set-up, so the signal
    /// handler may look at it.
    static RUNNING: AtomicPtr<u8> = const { AtomicPtr::new(null_mut()) };
    /// The timer of this thread, made when it first runs a guest.
    static TIMER: RefCell<Option<Timer>> = const { RefCell::new(None) };
}

/// The signal that ends `KVM_RUN`; the handler is installed when it is first asked for.
///
/// # Errors
/// When every real-time signal is taken.
pub fn signal() -> Result<c_int, WatchdogError> {
    static SIGNAL: OnceLock<Result<c_int, WatchdogError>> = OnceLock::new();
    *SIGNAL.get_or_init(|| {
        let signal = (libc::SIGRTMIN()..=libc::SIGRTMAX()).rev().find(|&signal| is_free(signal));
        let signal = signal.ok_or(WatchdogError::NoSignal)?;
        install(signal).map(|()| signal)
    })
}

fn is_free(signal: c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: a null new action only asks; the old one is written when the call succeeds, and read only then.
    unsafe {
        libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) == 0
            && action.assume_init().sa_sigaction == libc::SIG_DFL
    }
}

fn install(signal: c_int) -> Result<(), WatchdogError> {
    // SAFETY: all zeroes is a valid action, and an empty mask.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    let handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void) = expire;
    action.sa_sigaction = handler as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
    // SAFETY: the handler has the type that SA_SIGINFO asks for, and does only what a handler may.
    checked("sigaction", unsafe { libc::sigaction(signal, &action, null_mut()) })
}

/// Runs in the thread whose time is up, between any two instructions of it.
extern "C" fn expire(_: c_int, _: *mut siginfo_t, _: *mut c_void) {
    let running = RUNNING.with(|running| running.load(Ordering::Relaxed));
    if let Some(immediate_exit) = NonNull::new(running) {
        // SAFETY: `Armed` keeps the pointer valid from before it is set until after it is cleared, in this thread.
        unsafe { AtomicU8::from_ptr(immediate_exit.as_ptr()) }.store(1, Ordering::Relaxed);
    }
}

/// The processor time that this thread has had, in guests and outside.
pub fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the time is ours to be written, and zero if it should not be.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// While this lives, the thread's time is running.
pub struct Armed {
    /// The timer is this thread's.
    thread: PhantomData<*mut ()>,
}

impl Armed {
    /// From now on, `immediate_exit` becomes 1 and `KVM_RUN` ends when the time is up.
    ///
    /// # Safety
    /// The pointer stays valid as long as the result lives.
    ///
    /// # Errors
    /// When the system has no timer for us.
    pub unsafe fn new(immediate_exit: NonNull<u8>, budget: Duration) -> Result<Armed, WatchdogError> {
        let armed = Armed { thread: PhantomData };
        RUNNING.with(|running| running.store(immediate_exit.as_ptr(), Ordering::SeqCst));
        unblock(signal()?)?;
        with_timer(|timer| timer.set(budget.clamp(Duration::from_nanos(1), LONGEST)))?;
        Ok(armed)
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        // A timer that cannot be stopped finds nothing to stop.
        let _ = with_timer(|timer| timer.set(Duration::ZERO));
        RUNNING.with(|running| running.store(null_mut(), Ordering::SeqCst));
    }
}

fn with_timer(act: impl FnOnce(&Timer) -> Result<(), WatchdogError>) -> Result<(), WatchdogError> {
    let acted = TIMER.try_with(|slot| {
        let mut slot = slot.borrow_mut();
        let timer = match slot.take() {
            Some(timer) => timer,
            None => Timer::new(signal()?)?,
        };
        act(slot.insert(timer))
    });
    acted.map_err(|_| WatchdogError::Ending)?
}

/// A one-shot timer that signals the thread that made it.
struct Timer(timer_t);

impl Timer {
    fn new(signal: c_int) -> Result<Timer, WatchdogError> {
        // SAFETY: all zeroes is a valid event.
        let mut event: libc::sigevent = unsafe { MaybeUninit::zeroed().assume_init() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = signal;
        // SAFETY: it has no conditions.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
        let mut timer = MaybeUninit::uninit();
        // SAFETY: both pointers are to what the call expects; the timer is written when it succeeds, and read only then.
        unsafe {
            checked("timer_create", libc::timer_create(libc::CLOCK_MONOTONIC, &mut event, timer.as_mut_ptr()))?;
            Ok(Timer(timer.assume_init()))
        }
    }

    /// Starts it anew, or stops it when the time is zero.
    fn set(&self, after: Duration) -> Result<(), WatchdogError> {
        let time = libc::timespec { tv_sec: after.as_secs() as libc::time_t, tv_nsec: after.subsec_nanos().into() };
        let once = libc::itimerspec { it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 }, it_value: time };
        // SAFETY: the timer exists until it is dropped, and the old time is not asked for.
        checked("timer_settime", unsafe { libc::timer_settime(self.0, 0, &once, null_mut()) })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // SAFETY: the timer exists, and nobody else knows it.
        unsafe { libc::timer_delete(self.0) };
    }
}

fn unblock(signal: c_int) -> Result<(), WatchdogError> {
    let mut set = MaybeUninit::<sigset_t>::uninit();
    // SAFETY: the set is made empty before anything reads it.
    let errno = unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, set.as_ptr(), null_mut())
    };
    if errno == 0 { Ok(()) } else { Err(WatchdogError::System { call: "pthread_sigmask", errno }) }
}

fn checked(call: &'static str, result: c_int) -> Result<(), WatchdogError> {
    if result == 0 {
        return Ok(());
    }
    let errno = io::Error::last_os_error().raw_os_error().unwrap_or_default();
    Err(WatchdogError::System { call, errno })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn wait_until(condition: impl Fn() -> bool, at_most: Duration) -> bool {
        let end = Instant::now() + at_most;
        while !condition() && Instant::now() < end {
            std::thread::yield_now();
        }
        condition()
    }

    #[test]
    fn the_flag_is_set_when_time_is_up_and_not_before_or_after() {
        let flag = AtomicU8::new(0);
        let pointer = NonNull::new(flag.as_ptr()).unwrap();
        let set = || flag.load(Ordering::Relaxed) == 1;
        // SAFETY: the flag outlives what is armed.
        let armed = unsafe { Armed::new(pointer, Duration::from_secs(3600)) }.unwrap();
        assert!(!wait_until(set, Duration::from_millis(5)));
        drop(armed);
        // SAFETY: as above.
        let armed = unsafe { Armed::new(pointer, Duration::from_micros(100)) }.unwrap();
        assert!(wait_until(set, Duration::from_secs(10)));
        drop(armed);
        flag.store(0, Ordering::Relaxed);
        // SAFETY: as above.
        drop(unsafe { Armed::new(pointer, Duration::from_millis(1)) }.unwrap());
        assert!(!wait_until(set, Duration::from_millis(5)));
    }

    /// Blocks every signal in this thread.
    fn block() {
        let mut set = MaybeUninit::<sigset_t>::uninit();
        // SAFETY: the set is filled before it is used, and only this thread's mask changes.
        unsafe {
            libc::sigfillset(set.as_mut_ptr());
            libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), null_mut());
        }
    }

    #[test]
    fn a_thread_that_blocks_signals_is_stopped_too() {
        let thread = std::thread::spawn(|| {
            for _ in 0..2 {
                block();
                let flag = AtomicU8::new(0);
                // SAFETY: the flag outlives what is armed.
                let armed = unsafe { Armed::new(NonNull::new(flag.as_ptr()).unwrap(), Duration::ZERO) }.unwrap();
                assert!(wait_until(|| flag.load(Ordering::Relaxed) == 1, Duration::from_secs(10)));
                drop(armed);
            }
        });
        thread.join().unwrap();
    }
}
