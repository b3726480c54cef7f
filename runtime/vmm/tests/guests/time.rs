//! Guests that do not come back by themselves, and signals that are none of theirs.

use crate::assembler::{Code, Register};
use crate::images;
use crate::probe::hypervisor;
use rdcl_abi::{Death, Guest, RingShape};
use rdcl_vmm::Hypervisor;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Far more than any host needs to notice.
const SLACK: Duration = Duration::from_secs(5);

const LONG: Duration = Duration::from_secs(60);

fn is_stopped(hypervisor: &Hypervisor, code: Code, budget: Duration) {
    let mut guest = hypervisor.boot(&code.image()).unwrap();
    let start = Instant::now();
    assert_eq!(guest.enter(budget), Err(Death::Runaway));
    let took = start.elapsed();
    assert!(budget <= took && took < budget + SLACK, "{took:?}");
    assert_eq!(guest.enter(LONG), Err(Death::Runaway));
    assert!(start.elapsed() < budget + SLACK, "a dead guest is not entered");
}

#[test]
fn a_jump_to_itself_is_stopped() {
    let Some(hypervisor) = hypervisor() else { return };
    for micros in [0, 1, 50, 1_000, 20_000] {
        is_stopped(hypervisor, Code::default().op(&[0xeb, 0xfe]), Duration::from_micros(micros));
    }
}

/// Budgets about as long as it takes to enter a guest, so that the signal comes before, during and after that.
#[test]
fn no_signal_is_too_early() {
    let Some(hypervisor) = hypervisor() else { return };
    for micros in 1..100 {
        is_stopped(hypervisor, Code::default().op(&[0xeb, 0xfe]), Duration::from_micros(micros));
    }
}

/// `inc qword [rsi]; jmp` to it.
#[test]
fn a_loop_that_works_is_stopped() {
    let Some(hypervisor) = hypervisor() else { return };
    is_stopped(hypervisor, Code::default().op(&[0x48, 0xff, 0x06, 0xeb, 0xfb]), Duration::from_millis(5));
}

/// An instruction that can be stopped in its middle: it copies each byte of the data onto the next, again and again.
#[test]
fn a_string_instruction_in_a_loop_is_stopped() {
    let Some(hypervisor) = hypervisor() else { return };
    let code = Code::default().op(&[0x49, 0x89, 0xf0]); // mov r8, rsi
    let again = code.here();
    let code = code
        .op(&[0x4c, 0x89, 0xc6, 0x48, 0x8d, 0x7e, 0x01]) // mov rsi, r8; lea rdi, [rsi + 1]
        .op32(&[0xb9], 4000) // mov ecx, 4000
        .op(&[0xf3, 0xa4]) // rep movsb
        .back(0xeb, again);
    is_stopped(hypervisor, code, Duration::from_millis(5));
}

/// It touches a new page of its data each time, so that it mostly is in the host's fault handler.
#[test]
fn a_guest_that_keeps_faulting_pages_in_is_stopped() {
    let Some(hypervisor) = hypervisor() else { return };
    let code = Code::default();
    let again = code.here();
    let code = code.op(&[0x48, 0x89, 0x06]).op32(&[0x48, 0x81, 0xc6], 4096).back(0xeb, again);
    let mut image = code.image();
    image.data_bytes = 256 << 20;
    let mut guest = hypervisor.boot(&image).unwrap();
    assert_eq!(guest.enter(Duration::from_millis(2)), Err(Death::Runaway));
}

/// The processor time that this thread has had.
fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the time is ours to be written.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) }, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// While the process is stopped, as by Ctrl-Z, no guest's time passes.
#[test]
fn a_stopped_process_has_all_the_time_in_the_world() {
    let Some(hypervisor) = hypervisor() else { return };
    let budget = Duration::from_millis(500);
    let mut guest = hypervisor.boot(&Code::default().op(&[0xeb, 0xfe]).image()).unwrap();
    let script = format!("sleep 0.4; kill -STOP {0}; sleep 0.8; kill -CONT {0}", std::process::id());
    let mut stopper = std::process::Command::new("sh").args(["-c", &script]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(250));
    let before = thread_time();
    assert_eq!(guest.enter(budget), Err(Death::Runaway));
    let had = thread_time() - before;
    assert!(had >= budget, "it was stopped after {had:?}");
    assert!(stopper.wait().unwrap().success());
}

extern "C" fn nothing(_: libc::c_int) {}

/// Signals that others send to the thread neither kill its guest nor end its time.
#[test]
fn other_signals_change_nothing() {
    let Some(hypervisor) = hypervisor() else { return };
    // SAFETY: the handler does nothing; `pthread_self` has no conditions.
    let thread = unsafe {
        libc::signal(libc::SIGUSR1, nothing as extern "C" fn(libc::c_int) as usize);
        libc::pthread_self()
    };
    // mov rcx, 20000000; again: dec rcx; jnz again; ret
    let code = Code::default().set(Register::Rcx, 20_000_000);
    let again = code.here();
    let count = code.op(&[0x48, 0xff, 0xc9]).back(0x75, again).op(&[0xc3]).image();
    let mut counts = hypervisor.boot(&count).unwrap();
    let mut loops = hypervisor.boot(&Code::default().op(&[0xeb, 0xfe]).image()).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // SAFETY: the thread lives as long as the scope.
                unsafe { libc::pthread_kill(thread, libc::SIGUSR1) };
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let outcomes = (counts.enter(LONG), loops.enter(Duration::from_millis(20)));
        done.store(true, Ordering::Relaxed);
        assert_eq!(outcomes, (Ok(()), Err(Death::Runaway)));
    });
}

/// The signal that ends a guest's time reaches only the thread that runs the guest.
#[test]
fn other_threads_are_not_disturbed() {
    let Some(hypervisor) = hypervisor() else { return };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            // `poll` is not restarted after a handler has run: it would report the signal.
            while !done.load(Ordering::Relaxed) {
                // SAFETY: there are no descriptors to read or write.
                assert_eq!(unsafe { libc::poll(std::ptr::null_mut(), 0, 10) }, 0);
            }
        });
        for _ in 0..10 {
            let mut guest = hypervisor.boot(&Code::default().op(&[0xeb, 0xfe]).image()).unwrap();
            assert_eq!(guest.enter(Duration::from_millis(2)), Err(Death::Runaway));
        }
        done.store(true, Ordering::Relaxed);
        sleeper.join().unwrap();
    });
}

#[test]
fn a_guest_may_change_threads() {
    let Some(hypervisor) = hypervisor() else { return };
    let mut guest = hypervisor.boot(&images::echo(RingShape::default(), 0)).unwrap();
    for _ in 0..4 {
        guest = std::thread::spawn(move || guest.enter(LONG).map(|()| guest)).join().unwrap().unwrap();
    }
}
