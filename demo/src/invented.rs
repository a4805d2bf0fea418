//! Names of the invented company's world, which every CRM here shares. None of them exists.

/// First halves of the names of firms.
pub(crate) const FIRMS: [&str; 10] = [
    "Harbour",
    "Larkspur",
    "Granite",
    "Copperfield",
    "Willowbank",
    "Saltmarsh",
    "Brightwater",
    "Fenwick",
    "Ironbridge",
    "Juniper",
];

/// First names.
pub(crate) const FIRST: [&str; 8] = [
    "Priya", "Mateo", "Ingrid", "Samir", "Lucia", "Otto", "Hana", "Felix",
];

/// Last names.
pub(crate) const LAST: [&str; 10] = [
    "Aldous", "Brandt", "Castell", "Dray", "Eklund", "Farrow", "Grieve", "Hallam", "Ibsen",
    "Jarrow",
];

/// Towns.
pub(crate) const CITIES: [&str; 3] = ["Port Avery", "Millbrook", "Stonehaven"];
