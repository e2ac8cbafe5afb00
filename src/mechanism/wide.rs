//! Hot loops compiled three times: for any processor of the architecture, for one with 256-bit integers (AVX2), and for
//! one with AVX-512, which has the rotations, 64-bit products and maxima that the others lack. Which of them this
//! processor runs is asked once.
//!
//! One text makes all, so they compute the same: integers, and floats only where every step is exact or rounded as
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

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,bmi1,bmi2,lzcnt,popcnt")]
            fn with_avx512($($arg: $type),*) $(-> $out)? {
                plain($($arg),*)
            }

            #[inline]
            #[allow(unsafe_code, reason = "the processor was asked first")]
            pub fn best($($arg: $type),*) $(-> $out)? {
                #[cfg(target_arch = "x86_64")]
                match $crate::mechanism::wide::here() {
                    // SAFETY: the processor has what the function is compiled for.
                    $crate::mechanism::wide::Width::Avx512 => return unsafe { with_avx512($($arg),*) },
                    // SAFETY: the same.
                    $crate::mechanism::wide::Width::Avx2 => return unsafe { with_avx2($($arg),*) },
                    $crate::mechanism::wide::Width::Plain => {}
                }
                plain($($arg),*)
            }
        }
    };
}
pub(crate) use wide;

/// What this processor can run.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    Plain,
    Avx2,
    Avx512,
}

/// The widest body this processor can run.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn here() -> Width {
    static HERE: std::sync::OnceLock<Width> = std::sync::OnceLock::new();
    *HERE.get_or_init(ask)
}

#[cfg(target_arch = "x86_64")]
fn ask() -> Width {
    use std::arch::is_x86_feature_detected as has;
    let counts = has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt");
    let most =
        has!("avx512f") && has!("avx512bw") && has!("avx512cd") && has!("avx512dq") && has!("avx512vl");
    match (counts, most, has!("avx2")) {
        (true, true, _) => Width::Avx512,
        (true, _, true) => Width::Avx2,
        _ => Width::Plain,
    }
}
