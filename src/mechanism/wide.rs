//! Hot loops compiled twice: for any processor of the architecture, and for one with 256-bit integers (AVX2), which
//! is looked for when the loop is called.
//!
//! One text makes both, so they compute the same: integers, and floats only where every step is exact or rounded as
//! IEEE says. Tests hold `plain` and `best` together.

/// `wide! { fn name(a: A, ...) -> R { body } }` makes a module `name` with two functions of these arguments: `plain`,
/// compiled as everything else is, and `best`, the body this processor runs fastest. Names inside the body are those
/// of the place the macro is used in.
macro_rules! wide {
    ($(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)? $body:block) => {
        $(#[$doc])*
        $vis mod $name {
            #[allow(unused_imports, reason = "a body need not name its neighbours")]
            use super::*;

            #[inline(always)]
            pub fn plain($($arg: $type),*) $(-> $out)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
            fn with_avx2($($arg: $type),*) $(-> $out)? {
                plain($($arg),*)
            }

            #[inline]
            #[allow(unsafe_code, reason = "the processor was asked first")]
            pub fn best($($arg: $type),*) $(-> $out)? {
                #[cfg(target_arch = "x86_64")]
                if crate::mechanism::wide::is_here() {
                    // SAFETY: the processor has what the function is compiled for.
                    return unsafe { with_avx2($($arg),*) };
                }
                plain($($arg),*)
            }
        }
    };
}
pub(crate) use wide;

/// Has this processor what the wide bodies need?
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn is_here() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt")
}
