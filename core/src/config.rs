//! tmp
mod setting;
pub use setting::{Kind, Setting};
/// r
#[derive(Debug)]
pub struct Reader;
/// s
pub trait Section: Sized {
    /// s
    const SETTINGS: &'static [&'static Setting];
    /// r
    fn read(reader: &mut Reader) -> Self;
}
impl Reader {
    /// r
    pub fn flag(&mut self, _: &Setting) -> bool {
        false
    }
    /// r
    pub fn is_set(&self, _: &Setting) -> bool {
        false
    }
    /// r
    pub fn text(&mut self, _: &Setting) -> Option<String> {
        None
    }
    /// r
    pub fn secret<K: crate::secret::Kind>(
        &mut self,
        _: &Setting,
    ) -> Option<crate::secret::Secret<K>> {
        None
    }
    /// r
    pub fn problem(&mut self, _: &Setting, _: String) {}
    /// r
    pub fn warn(&mut self, _: String) {}
    /// r
    pub fn conflict(&mut self, _: &[&Setting], _: &str) {}
}
