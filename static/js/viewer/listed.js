/** What the server lists of studies, series, stacks, volumes and slides: shapes only. */

/** @import { Vector } from "./state.js" */

/** @typedef {{instance: string, frame: number, location?: number | null, instance_number?: number | null}} Shown */
/** A place without an image. `gone`: the frame that stood there until the archive lost it; `inserted`: the server knows of no such place. @typedef {{missing: string, location?: number | null, instance_number?: number | null, gone?: string, inserted?: boolean}} Missing */
/** @typedef {Shown | Missing} Entry */
/** @typedef {{center: number, width: number, function?: string, explanation?: string | null}} WindowChoice */

/** Where a stack stands among the volumes of its series: `index` from 0 of `count`, among those alike in what stands before. @typedef {{name: string, label: string, by: string, value: number | string | null, words: string, index: number, count: number}} Dimension */

/**
 * A stack as the server lists it.
 * @typedef {object} Stack
 * @property {string} key
 * @property {string} title
 * @property {string} modality
 * @property {string} unit
 * @property {number} rows
 * @property {number} columns
 * @property {[number, number] | null} pixel_spacing   mm between rows, between columns
 * @property {number} aspect   height of a pixel by its width
 * @property {string} spacing_basis
 * @property {string} plane
 * @property {Breast | null} [breast]
 * @property {boolean} colour
 * @property {boolean} [spatial]   its entries stand in the order of space
 * @property {WindowChoice[]} windows   the file's own, where all its images share them
 * @property {("overlay" | "shutter")[]} [laid_over]   what its files lay over their images
 * @property {number} [window_count]   how many each image offers
 * @property {import("./uptake.js").Measure | null} [suv]   of PET: what the page labels windows by; null: not available
 * @property {string} [suv_words]   why it isn't
 * @property {import("./uptake.js").Uptake} [uptake]   of PET: all measures, and what they rest on
 * @property {WindowChoice | null} window
 * @property {readonly number[] | null} [orientation] six cosines
 * @property {string | null} [frame_of_reference]
 * @property {number | null} [spacing_mm]   from slice to slice
 * @property {Volume | null} [volume]
 * @property {Cine | null} [cine]   null for what is no clip
 * @property {string} [volume_words]   why there is no volume
 * @property {boolean} [total_known]
 * @property {string} [words]
 * @property {boolean} [early]   only its one image is known; what it is of is still being read
 * @property {string} [group]   the same for all volumes of one 4D series; "" for what is one by itself
 * @property {Dimension[]} [dimensions]   phase, echo, b-value, …, the first counting most
 * @property {string} [split]   by what it was told from the other stacks of its series
 * @property {Entry[]} entries
 */

/**
 * What a breast image shows.
 * @typedef {object} Breast
 * @property {string} name   side, view and modifiers in short: R CC, L MLO ID
 * @property {string} view
 * @property {string} laterality   R, L, B or ""
 * @property {string} words   the modifiers
 * @property {string} chest_wall   edge of the stored image
 * @property {{rotation: 0 | 90, flip_horizontal: boolean, flip_vertical: boolean} | null} hang
 * @property {number | null} place   among right CC, left CC, right MLO, left MLO
 * @property {boolean} tomosynthesis
 * @property {boolean} synthetic
 * @property {boolean} for_processing
 */

/**
 * A stack as a clip, as its file says it.
 * @typedef {object} Cine
 * @property {number | null} rate   pictures a second, on average; null where the file says nothing
 * @property {string} basis   the attribute that it rests on
 * @property {readonly number[] | null} intervals   ms from each entry to the next; null: all alike
 * @property {boolean} sweep   back and forth
 * @property {number} first   entry with which it begins
 * @property {number} last
 */

/**
 * The voxels that a stack makes: `row`, `column` and `step` lead from a voxel to the next column, row and slice.
 * @typedef {object} Volume
 * @property {Vector} position   LPS mm of the centre of the first voxel
 * @property {Vector} row    mm, to the voxel in the next column
 * @property {Vector} column   mm, to the voxel in the next row
 * @property {Vector} step   mm, to the voxel of the next slice
 * @property {[columns: number, rows: number, slices: number]} size
 * @property {number} spacing_mm   smallest side of a voxel
 * @property {(number | null)[] | null} [places]   at how many steps each entry of the stack lies; null: entry k at k
 * @property {string} words
 */

/** @typedef {{instance: string, columns: number, rows: number, tile_columns: number, tile_rows: number, downsample: number, parts?: {instance: string, offset: number, frames: number}[] | null, first: number, frames: number[] | null}} SlideLevel frames: row by row, 0 where there is no tile; null: they follow each other from `first` */
/**
 * A slide as the server lists it.
 * @typedef {object} Slide
 * @property {string} key
 * @property {string} title
 * @property {string} container
 * @property {string} stain
 * @property {string | null} frame_of_reference
 * @property {number} columns
 * @property {number} rows
 * @property {[number, number] | null} spacing_mm   between rows, between columns
 * @property {string} basis
 * @property {Vector} origin   mm
 * @property {number[]} orientation   six cosines; the column index grows along the first three
 * @property {SlideLevel[]} levels   full size first
 * @property {string | number | null} objective
 * @property {Patient} patient
 * @property {string} study_date
 * @property {string} [study_description]
 * @property {string} description   of its series
 * @property {string} words
 * @property {boolean} [colour]   false: its samples are grey
 * @property {boolean} icc
 * @property {boolean} lossy
 */

/**
 * @typedef {object} SeriesStacks
 * @property {string} digest
 * @property {number | null} listed
 * @property {number} received
 * @property {number} failed
 * @property {number} unsupported
 * @property {boolean} total_known
 * @property {string} [words]
 * @property {string} [split]   by what the series was taken apart
 * @property {Stack[]} stacks
 * @property {Slide[]} [slides]
 * @property {{instance: string, words: string}[]} not_viewable
 */

/**
 * @typedef {object} SeriesOverview
 * @property {string} uid
 * @property {number | null} number
 * @property {string} modality
 * @property {string} description
 * @property {number | null} instances
 * @property {boolean | null} viewable   null: not known yet
 * @property {string} words
 * @property {boolean} [told]   what it holds is shown by other means than as images
 * @property {string | null} [laterality]
 */

/** @typedef {{archive: string, study: string, date: string, time?: string, timezone_offset?: string, date_words?: string, modalities: string, description: string, instances: number | null, current: boolean}} StudyDot */
/** @typedef {{key: string, name: string, id: string, birth_date: string, sex: string, age: string, conflict?: string | null, identity?: string}} Patient identity: changes with any of it */

/**
 * @typedef {object} StudyOverview
 * @property {string} archive
 * @property {string} study
 * @property {Patient} patient
 * @property {string} study_date
 * @property {string} [modalities]
 * @property {string} [study_time]
 * @property {string} [timezone_offset]   of its clock, `+05:30`
 * @property {string} [date_words]   why its date can't be true
 * @property {string} [study_description]
 * @property {string} [accession_number]
 * @property {string} [institution]
 * @property {string | null} [unreachable_since]   since when its archive doesn't answer
 * @property {string} [contents]   changes with the patient, the series and how many images they have
 * @property {SeriesOverview[]} series
 * @property {StudyDot[]} studies
 */

export {};
