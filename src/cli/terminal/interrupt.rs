//! Ctrl-C at a question. After a job was watched, tokio keeps the signal to itself, and a question would not hear it.

use std::mem::zeroed;
use std::ptr::null_mut;

/// While it lives, Ctrl-C ends the program.
pub(in crate::cli) struct EndingInterrupt {
    before: libc::sigaction,
}

impl EndingInterrupt {
    #[expect(unsafe_code, reason = "the standard library knows no signals")]
    pub(in crate::cli) fn set() -> Self {
        // SAFETY: zero is a valid `sigaction`, SIG_DFL a valid disposition, and both pointers are valid for the call.
        unsafe {
            let mut ending: libc::sigaction = zeroed();
            ending.sa_sigaction = libc::SIG_DFL;
            let mut before: libc::sigaction = zeroed();
            libc::sigaction(libc::SIGINT, &raw const ending, &raw mut before);
            Self { before }
        }
    }
}

impl Drop for EndingInterrupt {
    #[expect(unsafe_code, reason = "the standard library knows no signals")]
    fn drop(&mut self) {
        // SAFETY: `before` is what the system gave back for this very signal.
        unsafe {
            libc::sigaction(libc::SIGINT, &raw const self.before, null_mut());
        }
    }
}
