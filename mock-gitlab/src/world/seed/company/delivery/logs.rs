//! What the jobs of Larkspur print.

pub(super) const BUILD: &str = "\u{1b}[32;1m$ cargo build\u{1b}[0;m
\u{1b}[1m\u{1b}[32m   Compiling\u{1b}[0m music-box v1.1.0 (/builds/larkspur/music-box)
\u{1b}[1m\u{1b}[32m    Finished\u{1b}[0m `dev` profile [unoptimized + debuginfo] target(s) in 41.07s
";

pub(super) const PASSED: &str = "\u{1b}[32;1m$ cargo test\u{1b}[0;m
\u{1b}[1m\u{1b}[32m     Running\u{1b}[0m unittests src/main.rs

running 4 tests
test comb::eighteen_teeth_and_no_more ... \u{1b}[32mok\u{1b}[0m
test cylinder::a_full_turn_ends_where_it_began ... \u{1b}[32mok\u{1b}[0m
test cylinder::pins_beyond_the_comb_are_dropped ... \u{1b}[32mok\u{1b}[0m
test waltz::twelve_bars ... \u{1b}[32mok\u{1b}[0m

test result: \u{1b}[32mok\u{1b}[0m. 4 passed; 0 failed
";

pub(super) const FAILED: &str = "\u{1b}[32;1m$ cargo test\u{1b}[0;m
\u{1b}[1m\u{1b}[32m     Running\u{1b}[0m unittests src/main.rs

running 5 tests
test comb::eighteen_teeth_and_no_more ... \u{1b}[32mok\u{1b}[0m
test cylinder::a_full_turn_ends_where_it_began ... \u{1b}[32mok\u{1b}[0m
test cylinder::pins_beyond_the_comb_are_dropped ... \u{1b}[32mok\u{1b}[0m
test governor::the_last_bar_is_as_long_as_the_first ... \u{1b}[31mFAILED\u{1b}[0m
test waltz::twelve_bars ... \u{1b}[32mok\u{1b}[0m

failures:

---- governor::the_last_bar_is_as_long_as_the_first stdout ----
thread 'governor::the_last_bar_is_as_long_as_the_first' panicked at src/cylinder.rs:19:9:
assertion `left == right` failed: the last bar took 1.9 s, the first 1.2 s
  left: 19
 right: 12

test result: \u{1b}[31mFAILED\u{1b}[0m. 4 passed; 1 failed
";
