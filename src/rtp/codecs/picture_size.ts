/** Of a key frame, in pixels; 0 where it is not known. */
export interface PictureSize {
  width: number;
  height: number;
}
