export namespace CommandIDs {
  export const enable = 'mlws:enable-in-kernel';
}
