//! Brings memory near before it is needed.
//!
//! What lies beyond a core's own cache is a hundred nanoseconds away on a machine that others share, and a loop over
//! many shards, each with its own memory, waits for every one of them. Asked for early enough, it is there in time.
//! A hint and no more: it reads nothing, and nothing depends on it.

/// Bytes that come at a time.
const LINE: usize = 64;

/// Asks for the memory of a value.
#[inline]
pub fn value<T>(value: &T) {
    bytes(std::ptr::from_ref(value).cast(), size_of::<T>());
}

/// Asks for what lies in a column from `from` on: `n` values, which need not be written yet.
#[inline]
pub fn column<T>(column: &[T], from: usize, n: usize) {
    bytes(column.as_ptr().wrapping_add(from).cast(), n * size_of::<T>());
}

#[inline]
fn bytes(start: *const u8, n: usize) {
    for line in (0..n).step_by(LINE) {
        fetch(start.wrapping_add(line));
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[allow(unsafe_code, reason = "asking for memory that is not there does nothing")]
fn fetch(place: *const u8) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: every x86-64 processor has the instruction, and it faults on no address.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn fetch(_: *const u8) {}
