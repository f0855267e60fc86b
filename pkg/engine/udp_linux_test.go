package engine

const answersFromAnyAddress = true
