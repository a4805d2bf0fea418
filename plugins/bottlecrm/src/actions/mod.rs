//! The actions of `crm_action`.
use crate::entity::Entity;
pub(crate) fn of(_entity: &Entity) -> Vec<&'static str> {
    Vec::new()
}
